# The mistake: one recv() is taken for a line.
import os
import socket

address = os.environ["SOCKYARD_HOST"], int(os.environ["SOCKYARD_PORT"])
with socket.create_connection(address) as server:
    print(server.recv(1024).decode())
    server.sendall(b"ning\n")
    print(server.recv(1024).decode())
    server.sendall(b"exit\n")
