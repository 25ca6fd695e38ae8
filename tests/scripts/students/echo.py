# A correct echo server.
import socket

listener = socket.create_server(("127.0.0.1", 0))
while True:
    client, _ = listener.accept()
    with client:
        while data := client.recv(1024):
            client.sendall(data)
