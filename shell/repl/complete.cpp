#include "repl/complete.hpp"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include <algorithm>
#include <charconv>

#include "repl/candidate_set.hpp"
#include "repl/completion_context.hpp"
#include "repl/lua_text.hpp"
#include "repl/own_modules.hpp"
#include "repl/variables.hpp"

namespace moonwire {

using Kind = CompletionContext::Kind;
using Candidate = LineEditor::Candidate;

namespace {

constexpr int kMostSteps = 10;          // from a metatable to the next
constexpr std::size_t kMostNoted = 40;  // candidates with a line each
const char kNotes = 0;                  // its address: registry, lua/completion.lua

// --- values: nothing here calls what the user wrote -----------------------------------------

/// Replaces the value on top by what its missing fields come from; false, and nothing
/// changes, if there is no table behind it. [-1, +1, m]
bool step_to_index(lua_State* L) {
  if (!lua_getmetatable(L, -1)) return false;
  lua_pushliteral(L, "__index");
  lua_rawget(L, -2);
  lua_remove(L, -2);
  // Our objects: a C function over the table of their members.
  if (lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1) != nullptr) lua_remove(L, -2);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return false;
  }
  lua_remove(L, -2);
  return true;
}

void push_key(lua_State* L, const Path::Step& step) {
  lua_Integer index = 0;
  if (step.is_index) {
    std::from_chars(step.name.data(), step.name.data() + step.name.size(), index);
    lua_pushinteger(L, index);
  } else {
    lua_pushlstring(L, step.name.data(), step.name.size());
  }
}

/// Replaces the value on top by its field, without metamethods. [-1, +1, m]
void get_field(lua_State* L, const Path::Step& step) {
  for (int i = 0; i < kMostSteps; ++i) {
    if (lua_istable(L, -1)) {
      push_key(L, step);
      lua_rawget(L, -2);
      if (!lua_isnil(L, -1)) return lua_remove(L, -2);
      lua_pop(L, 1);
    }
    if (!step_to_index(L)) break;
  }
  lua_pop(L, 1);
  lua_pushnil(L);
}

/// The value that the first `count` steps lead to; the globals for none. [-0, +1, m]
void push_value(Runtime& runtime, const Path& path, std::size_t count) {
  lua_State* L = runtime.main_state();
  std::size_t i = 0;
  if (count > 0 && push_local(runtime, path.steps[0].name)) {
    i = 1;
  } else {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  }
  for (; i < count; ++i) {
    get_field(L, path.steps[i]);
    if (i > 0 || !lua_isnil(L, -1)) continue;
    lua_pop(L, 1);
    push_own_module(runtime, path.steps[0].name);
  }
}

/// Pushes a field of the metatable of the value on top, nil if there is none. [-0, +1, m]
void push_metafield(lua_State* L, const char* name) {
  if (!lua_getmetatable(L, -1)) return lua_pushnil(L);
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

std::string_view string_at(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

// --- protected calls ------------------------------------------------------------------------

thread_local TimePoint call_ends;  // for the hook, which is given nothing

void check_time(lua_State* L, lua_Debug*) {
  if (Clock::now() > call_ends) luaL_error(L, "too slow");
}

/// Calls function(data) with what it raises dropped; nothing stays on the stack.
void protect(lua_State* L, int (*function)(lua_State*), void* data) {
  if (!lua_checkstack(L, LUA_MINSTACK)) return;
  const int top = lua_gettop(L);
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, data);
  (void)lua_pcall(L, 1, 0, 0);  // an error is no reason to trouble who typed a Tab
  lua_settop(L, top);
}

/// The same, with a limit for the user's code in it.
void protect_until(TimePoint deadline, lua_State* L, int (*function)(lua_State*), void* data) {
  constexpr int kInstructions = 1000;
  const lua_Hook hook = lua_gethook(L);
  const int mask = lua_gethookmask(L);
  const int count = lua_gethookcount(L);
  call_ends = deadline;
  lua_sethook(L, check_time, LUA_MASKCOUNT, kInstructions);
  protect(L, function, data);
  lua_sethook(L, hook, mask, count);
}

template <typename T>
T& data_of(lua_State* L) {
  return *static_cast<T*>(lua_touserdata(L, 1));
}

}  // namespace

// --- members ----------------------------------------------------------------------------------

namespace {

/// A name as it is completed; without text if it does not fit.
Candidate member(std::string_view name, bool callable, const CompletionContext& context,
                 char quote) {
  if (context.kind == Kind::kKey) {
    std::string form = quoted_form(name, quote);
    if (form.empty() || !form.starts_with(context.word)) return {};
    return {std::move(form), {quote, ']'}};
  }
  if (!is_name(name) || !name.starts_with(context.word)) return {};
  if (context.method && !callable) return {};
  const bool global = context.path.steps.empty();
  if (global && context.word.empty() && name.starts_with('_')) return {};  // only when asked for
  return {std::string(name), callable ? "(" : ""};
}

/// Members of the value that the path of the context leads to.
struct MemberSearch {
  Runtime& runtime;
  CandidateSet& names;
  const CompletionContext& context;
  char quote;

  void add(std::string_view name, bool callable) {
    Candidate candidate = member(name, callable, context, quote);
    if (!candidate.text.empty()) names.add(std::move(candidate));
  }
  /// Of the table on top. [-0, +0, -]
  void add_table(lua_State* L) {
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
      const bool callable = lua_isfunction(L, -1);
      lua_pop(L, 1);
      if (!names.goes_on()) return lua_pop(L, 1);
      if (lua_type(L, -1) == LUA_TSTRING) add(string_at(L, -1), callable);
    }
  }
  /// What __complete of the value on top offers. [-0, +0, mv]
  void add_offered(lua_State* L) {
    push_metafield(L, "__complete");
    if (!lua_isfunction(L, -1)) return lua_pop(L, 1);
    lua_pushvalue(L, -2);
    lua_call(L, 1, 1);
    for (lua_Integer i = 1; lua_istable(L, -1) && names.goes_on(); ++i) {
      const int type = lua_rawgeti(L, -1, i);
      if (type == LUA_TSTRING) add(string_at(L, -1), context.method);
      lua_pop(L, 1);
      if (type == LUA_TNIL) break;
    }
    lua_pop(L, 1);
  }
  static int run(lua_State* L) {
    MemberSearch& search = data_of<MemberSearch>(L);
    push_value(search.runtime, search.context.path, search.context.path.steps.size());
    lua_pushvalue(L, -1);
    for (int i = 0; i < kMostSteps; ++i) {
      if (lua_istable(L, -1)) search.add_table(L);
      if (!step_to_index(L)) break;
    }
    lua_pop(L, 1);
    search.add_offered(L);
    return 0;
  }
};

}  // namespace

void Completer::add_members(CandidateSet& names, const CompletionContext& context) {
  MemberSearch search{runtime_, names, context, '"'};
  if (context.kind == Kind::kKey) search.quote = context.word.data()[-1];
  protect_until(names.deadline, runtime_.main_state(), &MemberSearch::run, &search);
  if (!context.path.steps.empty()) return;
  for (const std::string& name : local_names(runtime_)) {
    if (!push_local(runtime_, name)) continue;
    search.add(name, lua_isfunction(runtime_.main_state(), -1));
    lua_pop(runtime_.main_state(), 1);
  }
  for (const std::string_view keyword : kKeywords) {
    if (keyword.starts_with(context.word)) names.add({std::string(keyword)});
  }
  if (!context.word.empty()) add_modules(names, context.word, "");
}

// --- the manifest -----------------------------------------------------------------------------

/// Once, and so not within the limit: it reads the manifest.
void Completer::load_notes() {
  const auto run = [](lua_State* L) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "completion");
    lua_call(L, 1, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kNotes);
    return 0;
  };
  if (!std::exchange(notes_loaded_, true)) protect(runtime_.main_state(), run, nullptr);
}

/// A module of ours may be named before it is required. Not within the limit either.
void Completer::load_module(const Path& path) {
  if (path.steps.empty() || !is_nil(runtime_, path.steps[0].name)) return;
  find_own_module(runtime_, path.steps[0].name);
}

void Completer::add_modules(CandidateSet& names, std::string_view start,
                            const std::string& ending) {
  const auto modules = ask({"modules", "", std::string(start), {}});
  for (std::size_t i = 0; i < modules.size(); i += 3) {
    names.add({modules[i], ending, modules[i + 1], modules[i + 2]});
  }
}

/// Not within the limit: what it runs is ours and short, while a busy machine may take 20 ms
/// for anything.
std::vector<std::string> Completer::ask(const Question& question) {
  struct Asking {
    const Question& question;
    std::vector<std::string> answer;

    static void push(lua_State* L, std::string_view text) {
      lua_pushlstring(L, text.data(), text.size());
    }
    static int run(lua_State* L) {
      Asking& asking = data_of<Asking>(L);
      const Question& question = asking.question;
      lua_rawgetp(L, LUA_REGISTRYINDEX, &kNotes);
      lua_getfield(L, -1, question.function);
      if (question.owner.empty()) {
        lua_pushnil(L);
      } else {
        push(L, question.owner);
      }
      push(L, question.name);
      lua_newtable(L);
      lua_Integer count = 0;
      for (const std::string_view text : question.list) {
        push(L, text);
        lua_rawseti(L, -2, ++count);
      }
      push(L, question.key);
      lua_call(L, 4, 1);
      const lua_Unsigned size = lua_rawlen(L, -1);
      for (lua_Unsigned i = 1; i <= size; ++i) {
        lua_rawgeti(L, -1, static_cast<lua_Integer>(i));
        asking.answer.emplace_back(string_at(L, -1));
        lua_pop(L, 1);
      }
      return 0;
    }
  };
  Asking asking{question, {}};
  protect(runtime_.main_state(), &Asking::run, &asking);
  asking.answer.resize(asking.answer.size() / 3 * 3);
  return std::move(asking.answer);
}

/// What the metatable of the value that the first `steps` lead to is called.
std::string Completer::class_of(const Path& path, std::size_t steps) {
  struct Look {
    Runtime& runtime;
    const Path& path;
    std::size_t steps;
    std::string name;

    static int run(lua_State* L) {
      Look& look = data_of<Look>(L);
      push_value(look.runtime, look.path, look.steps);
      if (lua_type(L, -1) != LUA_TUSERDATA) return 0;
      push_metafield(L, "__name");
      if (lua_type(L, -1) == LUA_TSTRING) look.name = string_at(L, -1);
      return 0;
    }
  };
  Look look{runtime_, path, steps, {}};
  if (steps > 0) protect(runtime_.main_state(), &Look::run, &look);
  return std::move(look.name);
}

namespace {

std::string dotted(const Path& path, std::size_t steps) {
  std::string text;
  for (std::size_t i = 0; i < steps; ++i) (text += path.steps[i].name) += '.';
  return text;
}

}  // namespace

void Completer::add_notes(Completion& completion, const CompletionContext& context) {
  if (completion.candidates.size() > kMostNoted) return;
  const std::size_t steps = context.path.steps.size();
  const std::string owner = class_of(context.path, steps);
  Question question{"notes", owner, owner.empty() ? dotted(context.path, steps) : "", {}};
  for (const Candidate& candidate : completion.candidates) {
    question.list.push_back(candidate.text);
  }
  const std::vector<std::string> notes = ask(question);
  for (std::size_t i = 0; i < notes.size(); i += 3) {
    for (Candidate& candidate : completion.candidates) {
      if (candidate.text != notes[i]) continue;
      candidate.title = notes[i + 1];
      candidate.summary = notes[i + 2];
    }
  }
}

namespace {

/// The name of the function that is called, without the value it is a method of.
std::string called_name(const Call& call, const std::string& owner) {
  const std::size_t steps = call.function.steps.size();
  const std::string last(call.function.steps[steps - 1].name);
  return owner.empty() ? dotted(call.function, steps - 1) + last : last;
}

std::size_t steps_to_owner(const Call& call) {
  return call.method ? call.function.steps.size() - 1 : 0;
}

}  // namespace

/// What lua/completion.lua answers of the call that the cursor is in.
std::vector<std::string> Completer::ask_of_call(const char* function,
                                                const CompletionContext& context) {
  const Call& call = context.call;
  const std::string owner = class_of(call.function, steps_to_owner(call));
  return ask({function, owner, called_name(call, owner), call.fields, context.key});
}

/// Fields of the option table that the cursor is in, without those it has.
void Completer::add_options(CandidateSet& names, const CompletionContext& context) {
  const auto options = ask_of_call("options", context);
  for (std::size_t i = 0; i < options.size(); i += 3) {
    const auto& given = context.given;
    if (!options[i].starts_with(context.word)) continue;
    if (std::find(given.begin(), given.end(), options[i]) != given.end()) continue;
    names.add({options[i], " = ", options[i + 1], options[i + 2]});
  }
}

}  // namespace moonwire
