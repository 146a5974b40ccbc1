// Every socket of one kind, from when it is there until its transport is gone. Knows what to wait for, and nothing else.

/** A set by id; `all` returns a snapshot, so a caller may end what it walks over. */
export function createSocketSet<T extends { readonly id: string }>() {
  const byId = new Map<string, T>()
  let whenEmpty: (() => void)[] = []

  return {
    add(socket: T): void {
      byId.set(socket.id, socket)
    },
    /** True when it was there. */
    remove(socket: T): boolean {
      const wasThere = byId.delete(socket.id)
      if (wasThere && byId.size === 0) {
        for (const resolve of whenEmpty) resolve()
        whenEmpty = []
      }
      return wasThere
    },
    get: (id: string): T | undefined => byId.get(id),
    all: (): T[] => [...byId.values()],
    size: (): number => byId.size,
    /** Resolves as soon as none is left. */
    empty: (): Promise<void> =>
      byId.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            whenEmpty.push(resolve)
          }),
  }
}

export type SocketSet<T extends { readonly id: string }> = ReturnType<typeof createSocketSet<T>>
