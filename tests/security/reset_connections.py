"""Connections that are reset before anybody can accept them: PORT COUNT BATCH, a batch every 20 ms."""
import socket, struct, sys, time

port, count, batch = map(int, sys.argv[1:])
for start in range(0, count, batch):
    for _ in range(batch):
        peer = socket.socket()
        peer.setblocking(False)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            peer.connect(("127.0.0.1", port))
        except BlockingIOError:
            pass
        peer.close()
    time.sleep(0.02)
