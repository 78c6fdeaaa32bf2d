--- The mail that the options of smtp.send describe: envelope and text, ready for the wire.
-- Nothing that a caller gives can end a header or the message: what could raises, without a position.
local native = require "native.http_client"

local LINE <const> = 990     -- bytes that a line may have; SMTP allows 998
local ENCODED <const> = 76   -- columns of base64

local count = 0  -- of the messages of this process

local function misuse(format, ...) error("smtp.send: " .. format:format(...), 0) end

--- "Ann <ann@example.org>" -> ann@example.org
local function envelope_of(name, text)
  local address = text:match "<([^<>]*)>%s*$" or text
  if text:find "%c" or not address:find "^[\33-\59\61\63-\126]+@[\33-\59\61\63-\126]+$" then
    misuse("option '%s': %q is no address", name, text)
  end
  return address
end

local function list_of(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

--- A header's value; what is not ASCII is encoded (RFC 2047).
local function header(name, value)
  if value:find "%c" then misuse("the header %s has a control character in it", name) end
  if not value:find "[\128-\255]" then return ("%s: %s\r\n"):format(name, value) end
  local words, at = {}, 1
  while at <= #value do
    local last = math.min(at + 41, #value)
    while last < #value and value:byte(last + 1) & 0xc0 == 0x80 do last = last - 1 end
    words[#words + 1] = "=?UTF-8?B?" .. native.base64(value:sub(at, last)) .. "?="
    at = last + 1
  end
  return ("%s: %s\r\n"):format(name, table.concat(words, "\r\n "))
end

--- The same of addresses: only the names in front of them may be encoded.
local function addresses(name, list)
  local shown = {}
  for i, text in ipairs(list) do
    local person, address = text:match "^%s*(.-)%s*(<[^<>]*>)%s*$"
    if person and person:find "[\128-\255]" then
      person = header("", person:gsub('^"(.*)"$', "%1")):sub(3, -3)
      shown[i] = person .. " " .. address
    else
      shown[i] = text
    end
  end
  return ("%s: %s\r\n"):format(name, table.concat(shown, ",\r\n "))
end

local function with_line_ends(text)
  text = text:gsub("\r\n", "\n"):gsub("\r", "\n"):gsub("\n", "\r\n")
  return text:sub(-2) == "\r\n" and text or text .. "\r\n"
end

local function has_long_line(text)
  for line in text:gmatch "[^\r\n]+" do
    if #line > LINE then return true end
  end
end

--- The body as it is where that is possible, else in base64.
local function body_of(text)
  text = with_line_ends(text)
  if not text:find "[\128-\255%z]" and not has_long_line(text) then return "7bit", text end
  local lines = native.base64(text):gsub(("."):rep(ENCODED), "%0\r\n")
  return "base64", with_line_ends(lines)
end

--- What the caller gives beside the usual ones, and which of those it replaces.
local function own_headers(headers)
  local lines, given = {}, {}
  for name, value in pairs(headers or {}) do
    if not name:find "^[%w-]+$" then misuse("%q is no name of a header", name) end
    given[name:lower()] = true
    lines[#lines + 1] = header(name, tostring(value))
  end
  table.sort(lines)
  return lines, given
end

local function compose(options)
  local lines, given = own_headers(options.headers)
  local encoding, body = body_of(options.body or "")
  count = count + 1
  local usual = {
    { "Date", os.date "!%a, %d %b %Y %H:%M:%S +0000" },
    { "Subject", options.subject or "" },
    { "Message-ID", ("<%d.%d.%08x@moonwire.invalid>"):format(os.time(), count, math.random(0, 0xffffffff)) },
    { "MIME-Version", "1.0" },
    { "Content-Type", "text/plain; charset=utf-8" },
    { "Content-Transfer-Encoding", encoding },
  }
  for _, each in ipairs(usual) do
    if not given[each[1]:lower()] then lines[#lines + 1] = header(each[1], each[2]) end
  end
  lines[#lines + 1] = addresses("From", { options.from })
  for _, name in ipairs { "To", "Cc" } do
    local list = list_of(options[name:lower()])
    if #list > 0 then lines[#lines + 1] = addresses(name, list) end
  end
  return table.concat(lines) .. "\r\n" .. body
end

--- { from =, recipients = { ... }, text =, eight_bits = }: the text with its line ends, and with a
-- second dot where a line begins with one.
return function(options)
  if not options.from then misuse("option 'from' is missing") end
  local mail = { from = envelope_of("from", options.from), recipients = {} }
  local known = {}
  for _, name in ipairs { "to", "cc", "bcc" } do
    for _, text in ipairs(list_of(options[name])) do
      local address = envelope_of(name, text)
      if not known[address] then
        known[address] = true
        mail.recipients[#mail.recipients + 1] = address
      end
    end
  end
  if #mail.recipients == 0 then misuse("option 'to' is missing") end
  local text = options.message and with_line_ends(options.message) or compose(options)
  mail.eight_bits = text:find "[\128-\255]" ~= nil
  mail.text = ("\n" .. text):gsub("\n%.", "\n.."):sub(2)
  return mail
end
