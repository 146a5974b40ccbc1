// The lobby: what was said since the page was opened, and a line to say something.

import { useAuth, useChannel, useGateway } from '@sallyport/client/react'
import { Composer } from './Composer.tsx'
import { MessageList } from './MessageList.tsx'
import { roomSentence } from './room-words.ts'

const lobby = 'room:lobby'

/** The chat of one room. */
export function ChatPanel() {
  const { user } = useAuth()
  const { events, isJoined, refusal, publish } = useChannel(lobby)
  const { state } = useGateway()
  return (
    <section className="chat" aria-labelledby="chat-title" data-testid="chat-panel">
      <header className="chat-header">
        <h1 id="chat-title">Lobby</h1>
        <p data-testid="chat-joined" data-joined={isJoined}>
          {roomSentence(isJoined, state.phase)}
        </p>
      </header>
      <MessageList events={events} ownUserId={user?.id} />
      <Composer onSend={(text) => publish({ text })} refusal={refusal?.message} />
    </section>
  )
}
