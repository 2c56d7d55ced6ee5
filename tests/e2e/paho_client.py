"""Paho clients that are told what to do in lines of JSON, and tell what happens in the same way.

Works with version 1 and version 2 of paho-mqtt.
"""
import json
import os
import socket
import ssl
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TRANSPORTS = {"tcp": "tcp", "tls": "tcp", "ws": "websockets", "wss": "websockets", "unix": "unix"}
writing = threading.Lock()


def tell(name, event, **more):
    with writing:
        sys.stdout.write(json.dumps({"client": name, "event": event, **more}) + "\n")
        sys.stdout.flush()


def make_client(name, wish):
    options = {
        "client_id": name,
        "protocol": wish["version"],
        "transport": TRANSPORTS[wish["transport"]],
        "reconnect_on_failure": False,
    }
    if wish["version"] != 5:
        options["clean_session"] = not wish["keepSession"]
    if hasattr(mqtt, "CallbackAPIVersion"):
        options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
    client = mqtt.Client(**options)
    client.on_connect = lambda _client, _userdata, _flags, reason, *_: tell(
        name, "connected" if reason == 0 else "refused", reason=str(reason)
    )
    client.on_message = lambda _client, _userdata, message: tell(
        name,
        "message",
        topic=message.topic,
        payload=message.payload.decode(),
        qos=message.qos,
        retain=bool(message.retain),
    )
    client.on_subscribe = lambda *_: tell(name, "subscribed")
    client.on_publish = lambda *_: tell(name, "published")
    client.on_disconnect = lambda *_: tell(name, "disconnected")
    if wish["transport"] in ("tls", "wss"):
        client.tls_set(wish["ca"], tls_version=ssl.PROTOCOL_TLS_CLIENT)
    will = wish.get("will")
    if will:
        client.will_set(will["topic"], will["payload"], will["qos"], will.get("retain", False))
    return client


def connect(name, wish):
    client = make_client(name, wish)
    more = {}
    if wish["version"] == 5:
        more["clean_start"] = not wish["keepSession"]
        if wish["keepSession"]:
            more["properties"] = Properties(PacketTypes.CONNECT)
            more["properties"].SessionExpiryInterval = 300
    client.connect(wish["host"], wish["port"] or 1883, **more)  # a port is asked for even where none is used
    client.loop_start()
    return client


def cut(client):
    """Ends the connection below everything that would say good-bye."""
    below = socket.socket(fileno=os.dup(client.socket().fileno()))
    below.shutdown(socket.SHUT_RDWR)
    below.close()


clients = {}
for line in sys.stdin:
    wish = json.loads(line)
    command = wish["command"]
    name = wish["client"]
    if command == "connect":
        clients[name] = connect(name, wish)
    elif command == "subscribe":
        clients[name].subscribe(wish["filter"], wish["qos"])
    elif command == "publish":
        clients[name].publish(wish["topic"], wish["payload"], wish["qos"], wish["retain"])
    elif command == "disconnect":
        clients.pop(name).disconnect()
    elif command == "die":
        cut(clients.pop(name))
