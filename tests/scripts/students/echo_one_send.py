# The mistake: a message is received to its end, but never more than 4096 bytes of it.
import socket

listener = socket.create_server(("127.0.0.1", 0))
while True:
    client, _ = listener.accept()
    with client:
        for size in (1024, 1024, 4096):
            client.sendall(client.recv(size))
        while client.recv(4096):
            pass
