"""nianbao over HTTP: a thin front that takes and bounds requests, and worker processes that read.

The front (app, body, batch) never looks into a body; a worker (reply) reads it, and is killed where that takes too long.
"""
