// The chat on Bun's own publish: one JSON object in, one out, to all of the room.
let n = 0;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  fetch(request, server) {
    const room = new URL(request.url).pathname;
    if (!server.upgrade(request, { data: { room } })) return new Response("a WebSocket, please", { status: 426 });
  },
  websocket: {
    open: (socket) => socket.subscribe(socket.data.room),
    message(socket, frame) {
      const { user, message } = JSON.parse(frame);
      server.publish(socket.data.room, JSON.stringify({ user, message, n: ++n }));
    },
  },
});
