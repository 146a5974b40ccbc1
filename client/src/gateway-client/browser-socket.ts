// The platform's WebSocket behind the three things the client needs. The only file that names the global.

import type { CreateSocket } from './lifeline.ts'

/** Opens a platform WebSocket; throws where the platform does. */
export const openBrowserSocket: CreateSocket = (url, protocols, handlers) => {
  const socket = new WebSocket(url, [...protocols])
  socket.addEventListener('message', (event) => handlers.onMessage(event.data))
  socket.addEventListener('close', (event) => handlers.onClose(event.code))
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: () => socket.close(),
  }
}
