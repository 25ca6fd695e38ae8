# A correct client.
import os
import socket

address = os.environ["SOCKYARD_HOST"], int(os.environ["SOCKYARD_PORT"])
with socket.create_connection(address) as server:
    lines = server.makefile("r")
    print(lines.readline(), end="")
    server.sendall(b"ning\n")
    print(lines.readline(), end="")
    server.sendall(b"exit\n")
