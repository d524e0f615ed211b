def align_groups(table): return ()
