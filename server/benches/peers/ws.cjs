// The chat on ws, as its own examples broadcast: one JSON object in, one out, to each of the room.
const { WebSocketServer, WebSocket } = require("ws");
const rooms = new Map();
let n = 0;
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT), backlog: 4096 });
server.on("connection", (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("error", () => {});
  socket.on("close", () => room.delete(socket));
  socket.on("message", (frame) => {
    const { user, message } = JSON.parse(frame);
    const said = JSON.stringify({ user, message, n: ++n });
    for (const member of room) if (member.readyState === WebSocket.OPEN) member.send(said);
  });
});
