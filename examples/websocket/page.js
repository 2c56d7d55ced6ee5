import mqtt from "mqtt"; // the page says where that is

const state = document.querySelector("#state");
const messages = document.querySelector("#messages");
const form = document.querySelector("#publish");

const client = mqtt.connect(document.body.dataset.broker, { protocolVersion: 5, reconnectPeriod: 1000 });

client.on("connect", async () => {
  await client.subscribeAsync("chat/#", { qos: 1 });
  state.value = "connected";
});
client.on("close", () => state.value = "not connected");

client.on("message", (topic, payload) => {
  const line = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = topic;
  line.append(name, payload.toString()); // as text, never as HTML: anybody may have written it
  messages.prepend(line);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  client.publish(form.topic.value, form.message.value, { qos: 1 });
  form.message.value = "";
});
