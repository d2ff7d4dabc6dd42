/**
 * Lets the thread's pending messages (pause, stop) be handled before going on. A message to oneself comes after
 * those already waiting and, unlike a timer, is neither clamped to 4 ms nor slowed down in a hidden tab.
 */
export function yieldToMessages(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close(); // an open port would keep a Node process alive
      resolve();
    };
    port2.postMessage(null);
  });
}
