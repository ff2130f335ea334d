// Joins a room, says hello and prints its messages (Node 22 or newer):  node hello.mjs ws://127.0.0.1:8000 tea maya
const [server, ...names] = process.argv.slice(2, 5);
const socket = new WebSocket(`${server}/ws/chat/${names.map(encodeURIComponent).join("/")}?history=10`);
socket.onopen = () => socket.send(JSON.stringify({ message: `Hello from ${names[1]}` }));
socket.onmessage = ({ data }) => {
  const { user, message } = JSON.parse(data);
  console.log(`${user}: ${message}`);
};
socket.onclose = ({ code }) => process.exit(code === 1000 ? 0 : 1);
