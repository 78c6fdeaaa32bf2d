// native.process and the methods of a process. Its client is lua/process.lua, which checks
// and takes apart what a script gives process.spawn.
#include "bridge/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "bridge/connection.hpp"
#include "bridge/modules.hpp"
#include "bridge/signal.hpp"

namespace moonwire {

LuaProcess::LuaProcess(Runtime& runtime, std::string name)
    : Handle(runtime, Type::kProcess, kStreams), waiters("wait", this), name_(std::move(name)) {}

void LuaProcess::on_end() {
  const std::size_t depth = runtime().scratch_depth();
  runtime().wake_all(waiters, outcome());
  runtime().drop_scratch(depth);
}

void LuaProcess::on_close() {
  const std::size_t depth = runtime().scratch_depth();
  runtime().wake_all(waiters, Reply::fail(runtime(), Code::kClosed, "wait", where()));
  runtime().drop_scratch(depth);
}

Reply LuaProcess::outcome() const {
  if (end().kind == ProcessEnd::Kind::kUnknown) {
    return Reply::fail(runtime(), static_cast<Code>(ECHILD), "wait", where(),
                       "somebody else has waited for it");
  }
  return Reply::outcome(end().kind == ProcessEnd::Kind::kSignal, end().code);
}

std::string LuaProcess::where() const { return name_ + " (pid " + std::to_string(pid()) + ")"; }

std::string LuaProcess::describe() const {
  std::string text = Handle::describe() + ": " + where();
  if (running()) return text;
  switch (end().kind) {
    case ProcessEnd::Kind::kExit: return text + ", exit " + std::to_string(end().code);
    case ProcessEnd::Kind::kSignal: return text + ", " + signal_name(end().code);
    case ProcessEnd::Kind::kUnknown: break;
  }
  return text + ", ended";
}

namespace {

constexpr const char* kNames[] = {"stdin", "stdout", "stderr"};
constexpr Opt kOptions[] = {Opt::kStdin, Opt::kStdout, Opt::kStderr};

/// A connection that is to become our end of a pipe; nothing if another kind was asked for.
using Fresh = std::optional<Ref<Connection>>;
/// A connection or file that becomes the child's.
using Given = std::optional<Waitable>;

/// One standard stream of a child that is to be.
struct Standard {
  Fd theirs;                    // empty: `shares` is it
  int shares = -1;              // a descriptor of ours
  Fd ours;                      // of a pipe
  Connection* given = nullptr;  // closed here once it is there
};

/// What a connection holds of its stream in either direction would be lost.
Status check_given(Connection& connection, const char* name) {
  connection.stream.flush();
  const char* why = nullptr;
  if (connection.stream.fd() < 0) why = "it is not open";
  if (connection.stream.queued() > 0) why = "bytes written to it have not left yet";
  if (!connection.stream.unread().empty()) why = "bytes were read from it and not taken";
  if (!why) return {};
  return failure(static_cast<Code>(EBUSY), "spawn", connection.where(),
                 std::string("cannot be ") + name + ": " + why);
}

Result<Standard> give(int number, const Waitable& given) {
  Standard standard;
  if (given.object && given.object->type() == Type::kConnection) {
    standard.given = static_cast<Connection*>(given.object);
    if (auto fit = check_given(*standard.given, kNames[number]); !fit) {
      return tl::unexpected<Error>(fit.error());
    }
  }
  auto copied = blocking_copy(given.fd);
  if (!copied) return tl::unexpected<Error>(copied.error());
  standard.theirs = std::move(*copied);
  return standard;
}

Result<Standard> prepare(int number, const OptionValues::Value& option, const Fresh& fresh,
                         const Given& given) {
  if (given) return give(number, *given);
  if (option.type == kTypeInteger) {
    return give(number, Waitable{static_cast<int>(option.number), nullptr, 0});
  }
  Standard standard;
  if (fresh) {
    auto pipe = open_pipe(number != STDIN_FILENO);
    if (!pipe) return tl::unexpected<Error>(pipe.error());
    standard.theirs = std::move(pipe->theirs);
    standard.ours = std::move(pipe->ours);
  } else if (option.text == "null") {
    standard.theirs.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!standard.theirs) return system_failure("spawn", "/dev/null");
  } else {
    standard.shares = option.text == "stdout" ? STDOUT_FILENO : number;
    const bool inherited = standard.shares == number;
    if (auto there = check_inherited(number); inherited && !there) {
      return tl::unexpected<Error>(there.error());
    }
  }
  return standard;
}

/// A shell's command stands for itself.
std::string short_name(const std::vector<std::string>& arguments) {
  constexpr std::size_t kLongest = 40;
  if (arguments.size() == 3 && arguments[0] == "/bin/sh" && arguments[1] == "-c") {
    const std::string& command = arguments[2];
    return command.size() > kLongest ? command.substr(0, kLongest) + "..." : command;
  }
  const std::string& path = arguments.empty() ? std::string() : arguments.front();
  return path.substr(path.rfind('/') + 1);
}

Program program_of(const OptionValues& options, int count, const Strings& texts) {
  Program program;
  for (int i = 0; i < texts.count; ++i) {
    auto& list = i < count ? program.arguments : program.environment;
    list.emplace_back(texts[i]);
  }
  program.directory = options.at(Opt::kCwd).text;
  program.clear_environment = options.boolean(Opt::kClearEnv, false);
  program.own_session = options.boolean(Opt::kDetached, false);
  return program;
}

/// What the three become in the child. One that gets our terminal stays in our group, so
/// that it may read from it, and Ctrl-C reaches it.
void place(Program& program, const std::array<Standard, 3>& standards) {
  for (std::size_t i = 0; i < standards.size(); ++i) {
    const Standard& each = standards[i];
    int& descriptor = program.descriptors[i];
    descriptor = each.theirs ? each.theirs.get() : each.shares;
    if (i == STDERR_FILENO && each.shares == STDOUT_FILENO) descriptor = program.descriptors[1];
    if (::tcgetpgrp(descriptor) >= 0) program.own_group = false;
  }
}

/// Our ends become connections; what was given is the child's now.
Status settle(const LuaProcess& process, std::array<Standard, 3>& standards,
              const std::array<Fresh, 3>& fresh) {
  for (std::size_t i = 0; i < standards.size(); ++i) {
    if (standards[i].given) standards[i].given->close();
    if (!standards[i].ours) continue;
    const auto way = i == STDIN_FILENO ? Stream::Way::kOut : Stream::Way::kIn;
    auto adopted = (*fresh[i])->adopt(std::move(standards[i].ours), way,
                                      std::string(kNames[i]) + " of " + process.where());
    if (!adopted) return adopted;
  }
  return {};
}

/// spawn(options, stdin, stdout, stderr, given in, given out, given err, count, ...) ->
/// process | nil, message, code. The first three are new connections where a pipe is
/// wanted, the next three what becomes the child's, nil otherwise. Of the strings `count`
/// are arguments, the others changes to the environment.
Reply spawn(Runtime& runtime, Options<kSpawnOptions> options, Fresh in, Fresh out, Fresh err,
            Given given_in, Given given_out, Given given_err, std::int64_t count,
            const Strings& texts) {
  const std::array<Fresh, 3> fresh{in, out, err};
  const Given given[] = {given_in, given_out, given_err};
  Program program = program_of(options, static_cast<int>(count), texts);
  const auto fails = [&](Error why) {
    if (why.detail.empty()) why.detail = short_name(program.arguments);
    return Reply::fail(runtime, why);
  };
  std::array<Standard, 3> standards;
  for (int i = 0; i < 3; ++i) {
    auto ready = prepare(i, options.at(kOptions[i]), fresh[static_cast<std::size_t>(i)], given[i]);
    if (!ready) return fails(ready.error());
    standards[static_cast<std::size_t>(i)] = std::move(*ready);
  }
  place(program, standards);
  if (runtime.send_output) runtime.send_output();  // what was printed before comes first
  if (!runtime.children) runtime.children = std::make_shared<Children>(runtime.reactor());
  auto* process = new LuaProcess(runtime, short_name(program.arguments));
  auto started = process->start(*runtime.children, program);
  if (started) started = settle(*process, standards, fresh);
  if (!started) {
    process->close();
    return fails(started.error());
  }
  return Reply::object(process).keep(kProcessStreams, 2, LuaProcess::kStreams);
}

/// check_run(options): raises what is wrong with them.
Reply check_run(Runtime&, Options<kRunOptions>) { return Reply::nothing(); }

/// stream() -> connection that is nowhere yet
Reply stream(Runtime& runtime) { return Reply::object(new Connection(runtime)); }

/// stdin(stream) -> connection | nil, message, code: reads what descriptor 0 does.
Reply standard_input(Runtime& runtime, Ref<Connection> connection) {
  if (!runtime.give_stdin) {
    return Reply::fail(runtime, static_cast<Code>(EBUSY), "stdin", {}, "there is none to give");
  }
  auto own = open_stdin();
  if (!own) return Reply::fail(runtime, own.error());
  const auto ahead = runtime.give_stdin();
  if (!ahead) return Reply::fail(runtime, ahead.error());
  const auto adopted = connection->adopt(std::move(*own), Stream::Way::kIn, "stdin");
  if (!adopted) return Reply::fail(runtime, adopted.error());
  if (!ahead->empty()) connection->stream.put_back(*ahead);
  return Reply::self();
}

/// process:wait([seconds]) -> true | nil, "exit" | "signal", code; or nil, message, code.
/// Waits.
Reply wait(Runtime&, Ref<LuaProcess> self, std::optional<Seconds> limit) {
  if (!self->running()) return self->outcome();
  return Reply::wait(self->waiters, limit ? limit->value : kForever);
}

/// process:status() -> "running", or what wait() answers
Reply status(Runtime&, Ref<LuaProcess> self) {
  return self->running() ? Reply::bytes("running") : self->outcome();
}

/// process:kill([signal]) -> true | nil, message, code
Reply kill(Runtime& runtime, Ref<LuaProcess> self, std::optional<Word> name) {
  const int number = name ? signal_of(*name) : signal_number("TERM");
  if (number == 0) {
    const std::string text =
        name->is_number ? std::to_string(name->number) : std::string(name->text);
    return Reply::fail(runtime, static_cast<Code>(EINVAL), "kill", text, "no such signal");
  }
  if (auto sent = self->kill(number); !sent) {
    return Reply::fail(runtime, sent.error().code, "kill", self->where(), sent.error().cause);
  }
  return Reply::yes(true);
}

template <int number>
Reply stream_field(Runtime&, Handle& handle) {
  return Reply::stored(&handle, kProcessStreams + number);
}

LuaProcess& process_of(Handle& handle) { return static_cast<LuaProcess&>(handle); }

constexpr FunctionEntry kFunctions[] = {{"spawn", entry<&spawn>},
                                        {"check_run", entry<&check_run>},
                                        {"stream", entry<&stream>},
                                        {"stdin", entry<&standard_input>}};
constexpr FunctionEntry kMethods[] = {
    {"wait", entry<&wait>}, {"status", entry<&status>}, {"kill", entry<&kill>}};
constexpr FieldEntry kFields[] = {
    {"id", [](Runtime&, Handle& h) { return Reply::count(h.id()); }},
    {"pid", [](Runtime&, Handle& h) { return Reply::count(process_of(h).pid()); }},
    {"running", [](Runtime&, Handle& h) { return Reply::yes(process_of(h).running()); }},
    {"stdin", stream_field<0>},
    {"stdout", stream_field<1>},
    {"stderr", stream_field<2>},
};

}  // namespace

constinit const Module kProcessModule{nullptr, {}, Type::kProcess, kMethods, kFields};
constinit const Module kProcessNativeModule{"native.process", kFunctions, {}, {}, {}};

}  // namespace moonwire
