// One line to say something. What cannot be sent stays in the field.

import { type FormEvent, useState } from 'react'

type ComposerProps = {
  /** False when the message was not taken. */
  readonly onSend: (text: string) => boolean
  /** Why the server refused the last message. */
  readonly refusal: string | undefined
}

const maxTextLength = 2000

/** A field and a button. */
export function Composer({ onSend, refusal }: ComposerProps) {
  const [text, setText] = useState('')
  const [wasTaken, setWasTaken] = useState(true)

  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const trimmed = text.trim()
    if (trimmed === '') return
    const isTaken = onSend(trimmed)
    setWasTaken(isTaken)
    if (isTaken) setText('')
  }
  const problem = wasTaken ? refusal : 'This message was not sent: there is no connection.'

  return (
    <form className="composer" onSubmit={send}>
      <div role="alert">
        {problem && (
          <p className="composer-problem" data-testid="chat-problem">
            {problem}
          </p>
        )}
      </div>
      <label className="visually-hidden" htmlFor="chat-input">
        Message to the lobby
      </label>
      <input
        id="chat-input"
        data-testid="chat-input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="Say something to the lobby"
        autoComplete="off"
        maxLength={maxTextLength}
      />
      <button
        type="submit"
        className="button"
        data-testid="chat-send"
        disabled={text.trim() === ''}
      >
        Send
      </button>
    </form>
  )
}
