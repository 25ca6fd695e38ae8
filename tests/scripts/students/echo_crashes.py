# The mistake: the second client makes it crash.
import socket

listener = socket.create_server(("127.0.0.1", 0))
names = ["first"]
while True:
    client, _ = listener.accept()
    with client:
        print("serving the", names.pop(), "client")
        while data := client.recv(1024):
            client.sendall(data)
