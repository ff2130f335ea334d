"""The chat of Django Channels' tutorial: one JSON object in, one out, to the room's group."""

import itertools
import json
import os

import django
from django.conf import settings

redis = os.environ.get("CHANNELS_REDIS")
layer = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
if redis:
    layer = {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [redis]}}
settings.configure(CHANNEL_LAYERS={"default": layer}, SECRET_KEY="only a benchmark", ALLOWED_HOSTS=["*"])
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

numbers = itertools.count(1)


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = "chat_" + self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        said = json.loads(text_data)
        event = {"type": "chat.message", "user": said["user"], "message": said["message"], "n": next(numbers)}
        await self.channel_layer.group_send(self.group, event)

    async def chat_message(self, event):
        said = {"user": event["user"], "message": event["message"], "n": event["n"]}
        await self.send(text_data=json.dumps(said))


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/chat/<str:room>/", ChatConsumer.as_asgi())]),
    }
)
