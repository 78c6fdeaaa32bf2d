--- What completion at the prompt asks of the manifest. `owner` is the class of the object
-- whose method is meant, nil for functions; `fields` leads to a table within an option table.
-- Answers are flat: name, title, summary, name, title, summary, ... None waits.
local manifest = require "manifest"

local completion = {}

--- The entries of the functions, or of the owner's methods and fields, called so.
local function entries(owner, name)
  local found = {}
  for _, hit in ipairs(manifest.find(owner and owner .. "." .. name or name)) do
    local fits = hit.kind == "method" or hit.kind == "field"
    if not owner then fits = hit.kind == "function" or hit.kind == "constant" end
    if fits then found[#found + 1] = hit end
  end
  return found
end

--- The option table at `fields` within that of the function, and its options by name.
local function option_table(owner, name, fields)
  for _, hit in ipairs(entries(owner, name)) do
    local of = hit.entry.options or hit.entry.options_like
    for _, field in ipairs(fields) do
      local option
      for _, known in ipairs(of and manifest.tables[of] or {}) do
        if known == field then option = manifest.option(of, field) end
      end
      of = option and option.fields
    end
    if of then return of end
  end
end

--- The options that a table takes.
function completion.options(owner, name, fields)
  local of, answer = option_table(owner, name, fields), {}
  for _, option_name in ipairs(of and manifest.tables[of] or {}) do
    local option = manifest.option(of, option_name)
    local title = ("%s = %s"):format(option_name, table.concat(manifest.facts(option), ", "))
    table.move({ option_name, title, option.summary }, 1, 3, #answer + 1, answer)
  end
  return answer
end

--- The words that an option's string may be.
function completion.words(owner, name, fields, key)
  local of, answer = option_table(owner, name, fields), {}
  for _, known in ipairs(of and manifest.tables[of] or {}) do
    local words = known == key and manifest.option(of, key).words
    for _, word in ipairs(words or {}) do table.move({ word, "", "" }, 1, 3, #answer + 1, answer) end
  end
  return answer
end

--- "The module dns: resolve, reverse"
local function described(module)
  local names = {}
  for i, entry in ipairs(module.entries) do names[i] = entry.name:match "[^.]*$" end
  return module.title .. ": " .. table.concat(names, ", ")
end

--- What there is to say of `names`, members of `prefix` ("dns."): those that the manifest knows.
function completion.notes(owner, prefix, names)
  local answer = {}
  for _, name in ipairs(names) do
    local hit = entries(owner, prefix .. name)[1]
    local module = not owner and prefix == "" and manifest.module(name)
    if module then
      table.move({ name, "", described(module) }, 1, 3, #answer + 1, answer)
    elseif hit then
      local title = hit.entry.signature or manifest.full_name(hit.kind, hit.entry, hit.owner)
      if owner then title = title:match("[.:](.*)$") or title end
      table.move({ name, title, hit.entry.summary }, 1, 3, #answer + 1, answer)
    end
  end
  return answer
end

--- Our modules whose names begin so.
function completion.modules(_, start)
  local answer = {}
  for _, group in ipairs(manifest.groups) do
    local name = group.module
    if name and name:sub(1, #start) == start then
      table.move({ name, "", described(group) }, 1, 3, #answer + 1, answer)
    end
  end
  return answer
end

--- One triple if the first argument is a host, or an address with one.
function completion.host(owner, name)
  for _, hit in ipairs(entries(owner, name)) do
    local first = hit.entry.args and hit.entry.args[1]
    if first and first.host then return { name, "", "" } end
  end
  return {}
end

return completion
