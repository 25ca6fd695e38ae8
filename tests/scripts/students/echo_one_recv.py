# The mistake: one recv() is taken for the whole message.
import socket

listener = socket.create_server(("127.0.0.1", 0))
while True:
    client, _ = listener.accept()
    with client:
        data = client.recv(1024)
        client.sendall(data)
        while client.recv(1024):
            pass
