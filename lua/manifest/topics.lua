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
datagrams, "tls://" a stream inside TLS; "http://" and "https://" are for servers of HTTP; "ws://" and
"wss://" are WebSockets, with a path behind the port. A malformed address raises; an unknown host returns
nil, message, "EDNS".]],
  },
  {
    name = "keys",
    title = "Keys of the prompt",
    text = [[
    Enter               runs the block, or goes on in a new line if it is incomplete
    Alt-Enter           a new line in any case
    Tab                 completes names, options, keys and files in quotes; once more lists what
                        fits; indents at the start of a line
    Shift-Tab           lists at once; takes an indent back
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
    Alt-E               the block in $VISUAL or $EDITOR
    Ctrl-L              clears the screen
    Ctrl-C              drops the block, or interrupts what runs
    Ctrl-D              ends the program at an empty block, else deletes to the right
    Ctrl-Z              stops the program, as job of the shell it was started from; while a line
                        waits, makes a job of that (help "prompt")

Tab looks at values without running anything of theirs, but for a metatable's __complete, which is
called with the object and returns a list of names. Hosts come from the hosts file and ssh's
known_hosts. `.set ghost on` shows how the newest like entry of the
history goes on, which Right or End takes; `.set prefix_search on` has Up and Down find those that
begin like the block.

History is kept in moonwire/history below $XDG_STATE_HOME, or ~/.local/state; a block that begins
with a blank is not. With TERM=dumb, and in a pipe, the kernel edits
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
    name = "prompt",
    title = "The prompt",
    text = [[
What is typed runs as a task. An expression shows its values; a `;` at the end hides them. nil,
message, code of a call that failed are shown as an error, or as a note where they would have gone to
a variable. While a line waits there is no prompt: Ctrl-C interrupts it, Ctrl-Z makes it a job, whose
values come above the prompt when it ends. A line that names a module of ours, `http.get(url)`,
requires it first and says so; a script must do that itself.

    _  __  ___          the first value of the last line that had one, and of the two before
    _all  _err          all its values, with their number n; the last error
    local x = 1         is seen by later lines too, and shared with functions that use it;
                        <close> closes at the end of its own line

    .help [name]        lists the commands; help on a name, as ?name
    .ls  .stop timer 3  what is open; closes one thing of that
    .jobs .fg .kill     lines that wait: a list; wait for one; end one
    .load f  .edit [f]  runs a file; the last block, or a file, in $VISUAL or $EDITOR
    .save f             what still matters as a script: the last good definition of each
                        function, variables, what is open; .save! overwrites any file
    .src f              the source of a function
    .time expr          runs it and tells how long it took
    .history [text]     what was typed
    .log f              what appears on the screen goes to a file as well; .log off
    .set [name value]   how the prompt behaves: .set alone lists what there is
    .exit [status]      ends the program

A unique beginning of a name will do. MOONWIRE_INIT, Lua code or @file, runs first, or else
moonwire/init.lua below $XDG_CONFIG_HOME or ~/.config; the option -E leaves both out. NO_COLOR turns
colours off, FORCE_COLOR has them in a pipe too.]],
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
    name = "http",
    title = "HTTP",
    text = [==[
    listen("http://:8080", function(req, res) return "hello\n" end)
    listen("https://:8443", { http = { max_body = 100 << 20 } }, app)

The handler runs for each request, in the task of its connection. It answers by what it returns:

    "text"              200, as text/plain unless `res.headers` says otherwise
    { a = 1 }           200, as JSON
    404, "text"         another status; a third value is a table of headers
    nothing             204, or the end of what was written
    nil, "why"          500, and is reported as an error is

or by `res`, before it returns:

    res.status, res.headers      until the answer begins: { Name = value or list of values }
    res:set(name, value)         the same, whatever the name's case was
    res:write(...)               pieces; waits while the client is too slow
    res:finish([data [, trailers]])
    res:json(value [, status]), res:redirect(location [, status])
    res:cookie(name, value [, { path, domain, max_age, expires, same_site, secure, http_only }])
    res:events()                 Server-Sent Events: e:send(data [, name [, id]]),
                                 e:comment(text), e:retry(seconds)
    res:inform(103, headers)     an interim answer
    res:upgrade(headers)         101: returns the connection, which is no HTTP from then on

An answer in pieces has the Content-Length that was set, else it is chunked, and for a client of
HTTP/1.0 ends with the connection. Of the request there is

    req.method .target .version .path .query .headers .host .cookies .peer .connection .params
    req:body()                   for piece in req:body() do: as it comes, however long; raises
                                 if it breaks off
    req:text([max])              all of it, at most `max_body`; else nil, message, "EMSGSIZE"
    req:json(), req:form([max])  all of it, decoded
    req:parts()                  for part in req:parts() do: part.name .filename .type
                                 .headers, part:body(), part:text([max])
    req:trailers()               behind a chunked body that was read

`path` and what is in `query` are decoded; `query[1]` is the first as { name, value }, and pairs sees
the names. Names of headers are in small letters, and found in any case. Both tables take further fields.

What is ambiguous about where a message ends is refused (400) and ends the connection; so does an
answer of another length than its Content-Length, which raises. Names and values with CR, LF or NUL
raise. A handler that fails costs its connection; the client hears 500 if nothing was sent.
What a client sends ahead waits; `http` has the limits. Who sends a body slower than `body_timeout`
and `body_rate` allow is answered with 408; for bodies that last, body_timeout=math.huge. ALPN
of https is "http/1.1" and "http/1.0" unless `tls` says otherwise.]==],
  },
  {
    name = "http.apps",
    title = "HTTP apps",
    text = [==[
    local http = require "http"
    local app = http.app()
    app:get("/users/:id", function(req, res) return { id = req.params.id } end)
    listen("http://:8080", app)

    app:get(path, fn) :post :put :patch :delete :any    by method; HEAD is answered by get
    app:ws(path [, options], fn)                        a WebSocket: fn(ws, req), see ws.accept
    app:static(prefix, directory [, { index, gzip, hidden }])   files: types, ETag, ranges, x.gz for
                                                        x; hidden=true: names like ".git" too
    app:proxy(prefix, "host:port" or url [, { preserve_host }])   passes requests on, and answers
                                                        back, and WebSockets; to each of a list in
                                                        turn; with preserve_host=true under the Host
                                                        that the client named
    app:mount(prefix, application)                      WSAPI: function(env) return status,
                                                        headers, iterator end
    app:use(function(req, res, next) ... end)           around everything; next() goes on, and
                                                        returns what the handler returns
    app:compress([{ min }])                             gzip or deflate, for answers in pieces, and
                                                        whole ones and files of `min` bytes (1024)
    app:log([out])                                      a line for each answer: to a file, a
                                                        function, stderr
    app:shield([{ limit, interval, blacklist, on_flag }])   keeps attackers out

In a path ":name" is a segment and "*" anything, both in req.params. A path that is written out
comes first, then the pattern with the most literal bytes, then the longest prefix, then 404. A path
that is there for other methods answers 405, and OPTIONS says which. Every method returns the app.

The shield answers 403 to an address that is flagged: one that has sent more than `limit` requests (200)
within `interval` seconds (2), from the first request after these on; or, at once, one that has asked with a path,
cookie or agent as only attackers have. `blacklist` is a table of address = reason to begin with, and to
go on with; on_flag(address, reason) is called for each that is flagged. app.shield:unflag(address) lets
it in again, app.shield:flag(address, reason) keeps it out.]==],
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
