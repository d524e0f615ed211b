"""What a bulk run does where its calls to the system fail, and where the files of its folder are damaged."""
