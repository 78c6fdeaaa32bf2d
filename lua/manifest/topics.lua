--- The manifest: what holds for many functions. Pages of the manual, and of help by name.
return {
  {
    name = "addresses",
    title = "Addresses",
    text = [[
    8000                  this machine: the loopback interface, both families when listening
    ":8000", "*:8000"     listening: every interface; port 0 is any that is free
    "host:port"           a name or number; a service name will do for the port: "host:http"
    "[::1]:80"            an IPv6 address
    "unix:/path"          a Unix socket
    "unix:@name"          the same in the abstract namespace
    "fd://3"              an open descriptor

"tcp://host:port" says the same as "host:port"; "udp://" before any of these is a socket of
datagrams, "tls://" a stream inside TLS, "ws://" and "wss://" a WebSocket, with a path behind it. A malformed address raises; an unknown host returns
nil, message, "EDNS".]],
  },
  {
    name = "keys",
    title = "Keys of the prompt",
    text = [[
    Enter               runs the block, or goes on in a new line if it is incomplete
    Alt-Enter           a new line in any case
    Tab                 completes a name; once more lists what fits; indents at the start of a line
    Ctrl-A, Ctrl-E      the ends of the line (Home, End); Alt-<, Alt-> those of the block
    Alt-B, Alt-F        words (Ctrl-Left, Ctrl-Right)
    Ctrl-W, Alt-D       kill the word before, after the cursor; Alt-Backspace, up to a sign
    Ctrl-U, Ctrl-K      kill to the ends of the line
    Ctrl-Y, Alt-Y       yank what was killed; what was killed before that
    Ctrl-_, Alt-/       undo, redo
    Ctrl-T              swaps two characters
    Up, Down            lines of the block, then the history; Ctrl-P, Ctrl-N always the history
    Ctrl-R, Ctrl-S      search the history, backwards and forwards; Ctrl-G gives up
    Ctrl-V              the next key is text
    Ctrl-L              clears the screen
    Ctrl-C              drops the block, or interrupts what runs
    Ctrl-D              ends the program at an empty block, else deletes to the right
    Ctrl-Z              stops the program, as job of the shell it was started from

History is kept in moonwire/history below $XDG_STATE_HOME, or ~/.local/state; a block that begins
with a blank is not. NO_COLOR turns colours off. With TERM=dumb, and in a pipe, the kernel edits
the line, and none of these keys are ours.]],
  },
  {
    name = "websockets",
    title = "WebSockets",
    text = [[
    listen("ws://:8080/chat", function(ws)
      for message in ws:messages() do ws:write(message) end
    end)
    ws = connect "wss://example.org/chat"

A WebSocket is a connection whose messages are text or bytes. ws:read() returns message and kind,
"text" or "binary"; plain nil when the peer has closed; nil, message, code if it left without a word
("EOF"), or broke the protocol ("EPROTO", "EMSGSIZE"; it is told so). ws:write(message [, "binary"])
sends one, and waits as any write does; a text that is not UTF-8 gives "EILSEQ". The hook `message`
is called as message(ws, message, kind). Hooks, timers, tasks, options and fields are those of
connections, but what is about bytes raises: take, lines, pipe, shutdown and their like.

A listener takes clients at its path, or at any if it has none; ws.request is what they asked for.
Others are refused: 404 elsewhere, 426 without an upgrade, 403 for an Origin that is not in `origins`.
Without `origins` a page of any site may connect in the name of who looks at it: name yours where
cookies count. connect tells the status line of a server that refuses ("EPROTO").

Pings are answered as long as no message that nobody has read is in front of them. They are sent when
nothing comes: see ping_interval. A handler that returns closes with status 1000, one that fails with
1011. connection.close_code tells what the peer has closed with.]],
  },
  {
    name = "errors",
    title = "Errors",
    text = [[
What can fail at run time returns nil, message, code. The message names the operation, the address
and the cause; the code is a name to compare with: errno's ("ECONNREFUSED", "ETIMEDOUT"), or one of
"EOF" "ECLOSED" "EDNS" "ETLS" "EPROTO". The end of a stream is a plain nil. So assert fits everywhere:
`c = assert(connect "host:80")`.

Wrong arguments raise: a wrong type, an unknown option, a malformed address, a number out of range.

An error in a handler or a hook costs its own connection, or datagram, and prints a traceback. One in a callback
of a watcher, timer, signal or event is raised from a dispatch in progress, else printed; the
watcher is dropped (a signal's stays) and everything else goes on.]],
  },
  {
    name = "tls",
    title = "TLS",
    text = [[
    srv = listen("tls://:8443", handler)     -- a certificate for this session
    srv = listen("tls://:443", { tls = { cert = "a.pem", key = "a.key" } }, fn)
    c = connect "tls://localhost:8443"       -- trusts those of its own process
    c = connect("tls://host:443", { tls = { alpn = { "http/1.1" } } })

Handlers run, and connect returns, when the handshake is over. A client checks
the server's certificate: that it is signed by somebody the system knows (or
`ca`), is for the host of the address (or `server_name`), and valid today; a
message says which of these failed, and the ways out. `pin` is the SHA-256 of
the one public key that counts; `insecure=true` checks nothing, and warns. A server
asks for certificates of its clients when it is given a `ca` that signs them,
and insists on one with a `pin`, or `client_auth="require"`.

`cert`, `key` and `ca` are paths of PEM files, or the text itself. Several
certificates are lists, and the name that the client asks for chooses. Without
`cert` a listener shows one that was made for this process, for localhost, the
host's name and its addresses: every connect in the process trusts it, another
needs the pin that is printed (srv.tls.pin) or the authority (srv.tls.ca).

A connection's field tls tells version, cipher, alpn, server_name, resumed and
the peer's certificate. The end of a stream is one only if the peer has said so
inside TLS; a connection that is cut off fails with "ETLS". connection:shutdown
says so and goes on reading. Sessions are resumed by themselves. The file named
by the environment's SSLKEYLOGFILE, or `keylog`, gets the secrets with which
Wireshark reads a capture.]],
  },
  {
    name = "waiting",
    title = "Waiting",
    text = [[
Every callback, handler, typed line and main chunk is a task: a coroutine that the shell runs. A
function that *(waits)* suspends its task only; the loop goes on. So any of them may be called
anywhere, inside pcall and the program's own coroutines too; but not where Lua itself cannot
yield: in a comparator of table.sort, a function given to string.gsub, __tostring, __gc.

Times are seconds, sizes are bytes.]],
  },
  {
    name = "lifetime",
    title = "What keeps the program alive",
    text = [[
What can still bring an event needs no variable: an armed timer, watcher or signal, a listener, a
connection with a handler, a hook or a waiting task, a socket of udp with a handler. Anything else is the collector's, which closes
it. A script ends when nothing of that is left; why() lists it.]],
  },
}
