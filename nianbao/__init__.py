"""nianbao: yearly reports on open government information, as data that can be trusted."""
