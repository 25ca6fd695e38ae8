# The mistake: the connection is never closed.
import socket

listener = socket.create_server(("127.0.0.1", 0))
clients = []
while True:
    client, _ = listener.accept()
    clients.append(client)
    while data := client.recv(1024):
        client.sendall(data)
