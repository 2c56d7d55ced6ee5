"""Publishers that write QoS 0 messages whenever the system takes them: PORT COUNT. Prints "ready", and MB sent at the end of its input.
The system's buffers for them are small: where all of them together fill what it has for TCP, it drops what others send."""
import select, socket, sys

port, count = map(int, sys.argv[1:])
PUBLISH = bytes([0x30, 10, 0, 7]) + b"flood/y\0"
LOT = PUBLISH * 1000
poll = select.epoll()
sockets = {}
for number in range(count):
    client = socket.create_connection(("127.0.0.1", port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    name = b"crowd%d" % number
    client.sendall(bytes([0x10, 13 + len(name), 0, 4]) + b"MQTT" + bytes([5, 2, 0, 0, 0, 0, len(name)]) + name)
    client.recv(100)
    client.setblocking(False)
    sockets[client.fileno()] = [client, 0]
    poll.register(client, select.EPOLLOUT)
print("ready", flush=True)
poll.register(sys.stdin, select.EPOLLIN)
sent = 0
while True:
    for number, _ in poll.poll():
        if number == 0:
            print(sent // 1_000_000, flush=True)
            sys.exit()
        entry = sockets[number]
        client, at = entry
        try:
            written = client.send(LOT[at:])
            sent += written
            entry[1] = (at + written) % len(LOT)
        except BlockingIOError:
            pass
        except OSError:  # the broker has ended it
            poll.unregister(number)
