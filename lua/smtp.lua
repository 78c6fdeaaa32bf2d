--- Sending mail: `local smtp = require "smtp"`. smtp.send waits. What fails at run time returns nil,
-- message, code, the message with the command that was refused and what the server said; wrong
-- arguments raise.
local check_options = require "options"
local native = require "native.http_client"
local message_of = require "smtp.message"

local smtp = {}

local connect, now = connect, now
local TIMEOUT <const> = 60  -- seconds, as in the manifest
local PORTS <const> = { smtp = 25, smtps = 465 }

-- --- where to ---------------------------------------------------------------------------------

--- "mail.example.org", "smtps://host:port" -> scheme, address with a port, host.
local function take_apart(server)
  local scheme, rest = server:match "^(%a+)://(.*)$"
  scheme, rest = scheme or "smtp", rest or server
  if not PORTS[scheme] or rest == "" then
    error(("smtp.send: option 'server' must be a host, host:port, or that behind smtp:// or "
      .. "smtps://, got %q"):format(server), 3)
  end
  local bracketed = rest:match "^%[(.*)%]"
  local host = bracketed or rest:match "^[^:]*"
  local has_port = rest:match(bracketed and "%]:[^:]+$" or "^[^:]*:[^:]+$")
  if not bracketed and select(2, rest:gsub(":", "")) > 1 then  -- an IPv6 address as it is
    return scheme, ("[%s]:%d"):format(rest, PORTS[scheme]), rest
  end
  return scheme, has_port and rest or ("%s:%d"):format(rest, PORTS[scheme]), host
end

-- --- the dialogue -------------------------------------------------------------------------------
-- A session is { conn =, address =, limit =, can = what EHLO told, by name }. What goes wrong is
-- raised within, as { message, code }: each step is a line.

local function fail(session, text, code)
  error({ message = ("smtp.send %s: %s"):format(session.address, text), code = code }, 0)
end

--- The code and the lines of an answer; `about` is the command, as messages name it.
local function answer(session, about)
  local texts = {}
  while true do
    local line, message, code = session.conn:read("l", { timeout = session.limit })
    if not line then
      if not message then message, code = "the server hung up", "EOF" end
      fail(session, ("%s: %s"):format(about, message), code)
    end
    local number, more, text = line:match "^(%d%d%d)([ -]?)(.-)\r?$"
    if not number then fail(session, ("%s: no answer of SMTP: %q"):format(about, line:sub(1, 80)), "EPROTO") end
    texts[#texts + 1] = text
    if more ~= "-" then return tonumber(number), texts end
  end
end

--- What a refusal is called: what may work later, who we are, anything else.
local function refusal(number)
  if number == 535 or number == 530 or number == 534 then return "EACCES" end
  return number >= 400 and number < 500 and "EAGAIN" or "EPROTO"
end

local function refused(number, texts) return ("%d %s"):format(number, table.concat(texts, " / ")) end

local function put(session, bytes, about)
  local ok, message, code = session.conn:write(bytes)
  if not ok then fail(session, ("%s: %s"):format(about, message), code) end
end

--- Sends a command and returns the lines of its answer, which must be one of the hundred `wanted`.
local function command(session, text, wanted, about)
  about = about or text
  put(session, text .. "\r\n", about)
  local number, texts = answer(session, about)
  if number // 100 ~= wanted then
    fail(session, ("%s: %s"):format(about, refused(number, texts)), refusal(number))
  end
  return texts
end

--- Says who we are: by our address, since a name could be wrong. Notes what the server can do.
local function greet(session)
  local ip = (session.conn.sock or ""):match "^%[?(.-)%]?:%d+$" or "127.0.0.1"
  local name = session.hello or ip:find ":" and "[IPv6:" .. ip .. "]" or "[" .. ip .. "]"
  session.can = {}
  put(session, "EHLO " .. name .. "\r\n", "EHLO")
  local number, texts = answer(session, "EHLO")
  if number == 500 or number == 502 then return command(session, "HELO " .. name, 2) end
  if number ~= 250 then fail(session, "EHLO: " .. refused(number, texts), refusal(number)) end
  for i = 2, #texts do
    local word, rest = texts[i]:match "^(%S+)%s*(.*)$"
    if word then session.can[word:upper()] = rest:upper() end
  end
end

--- Goes on with TLS as `tls` wants it: false never, a table or true always, nil if it is offered.
local function secure(session, tls, host)
  if tls == false or session.conn.tls then return end
  if not session.can.STARTTLS then
    if tls then fail(session, "STARTTLS: the server does not offer it", "ETLS") end
    return
  end
  command(session, "STARTTLS", 2)
  local options = {}
  for name, value in pairs(type(tls) == "table" and tls or {}) do options[name] = value end
  options.server_name = options.server_name or host
  local conn, message, code = session.conn:starttls(options)
  if not conn then fail(session, "STARTTLS: " .. message, code) end
  greet(session)
end

--- A password leaves in clear only if that was asked for.
local function authenticate(session, user, password, tls)
  if not user then return end
  if not session.conn.tls and tls ~= false then
    fail(session, "AUTH: the connection is not encrypted; tls = false sends the password as it is",
      "ETLS")
  end
  local offered = " " .. (session.can.AUTH or "") .. " "
  if offered:find(" PLAIN ", 1, true) then
    command(session, "AUTH PLAIN " .. native.base64("\0" .. user .. "\0" .. password), 2, "AUTH PLAIN")
  elseif offered:find(" LOGIN ", 1, true) then
    command(session, "AUTH LOGIN", 3)
    command(session, native.base64(user), 3, "AUTH LOGIN, the user")
    command(session, native.base64(password), 2, "AUTH LOGIN, the password")
  else
    fail(session, "AUTH: the server offers neither PLAIN nor LOGIN", "EACCES")
  end
end

--- Names the recipients; those that are refused come back by address, nil if there are none. With
-- none left there is nothing to send.
local function address_to(session, recipients)
  local refusals, first, number, texts
  for _, recipient in ipairs(recipients) do
    local text = ("RCPT TO:<%s>"):format(recipient)
    put(session, text .. "\r\n", text)
    number, texts = answer(session, text)
    if number // 100 ~= 2 then
      refusals = refusals or {}
      refusals[recipient] = refused(number, texts)
      first = first or { text = text .. ": " .. refusals[recipient], code = refusal(number) }
    end
  end
  for _, recipient in ipairs(recipients) do
    if not (refusals and refusals[recipient]) then return refusals end
  end
  fail(session, first.text, first.code)
end

local function talk(session, options, mail, host)
  local number, texts = answer(session, "greeting")
  if number ~= 220 then fail(session, "greeting: " .. refused(number, texts), refusal(number)) end
  greet(session)
  secure(session, options.tls, host)
  authenticate(session, options.user, options.password, options.tls)
  local size = session.can.SIZE and (" SIZE=%d"):format(#mail.text) or ""
  local eight = session.can["8BITMIME"] and mail.eight_bits and " BODY=8BITMIME" or ""
  command(session, ("MAIL FROM:<%s>%s%s"):format(mail.from, size, eight), 2)
  local refusals = address_to(session, mail.recipients)
  command(session, "DATA", 3)
  command(session, mail.text .. ".", 2, "the message")
  put(session, "QUIT\r\n", "QUIT")
  session.conn:read("l", { timeout = 1 })  -- it is delivered, whatever comes
  return refusals
end

--- smtp.send(options) -> true, refused recipients or nil | nil, message, code. Waits.
function smtp.send(options)
  check_options("smtp", "smtp.send", options)
  local made, mail = pcall(message_of, options)
  if not made then error(mail, 2) end
  if options.user and not options.password then
    error("smtp.send: option 'user' needs a 'password'", 2)
  end
  local scheme, address, host = take_apart(options.server or "127.0.0.1")
  local tls = options.tls
  local conn, message, code = connect((scheme == "smtps" and "tls://" or "") .. address,
    { timeout = options.timeout or TIMEOUT,
      tls = scheme == "smtps" and type(tls) == "table" and tls or nil })
  if not conn then return nil, "smtp.send: " .. message, code end
  local guard <close> = conn
  local session = { conn = conn, address = address, limit = options.timeout or TIMEOUT,
    hello = options.hello }
  local ok, result = pcall(talk, session, options, mail, host)
  if ok and result then return true, result end
  if ok then return true end
  if type(result) ~= "table" or not result.code then error(result, 0) end
  if result.code ~= "EOF" and conn.state == "open" then conn:finish "QUIT\r\n" end
  return nil, result.message, result.code
end

return smtp
