// native.system: what lua/process.lua, lua/log/ and lua/workers.lua need of the system itself;
// and the checks of option tables that no C++ reads.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "bridge/listener.hpp"
#include "bridge/log.hpp"
#include "bridge/modules.hpp"
#include "bridge/row.hpp"
#include "net/daemon.hpp"
#include "net/process.hpp"
#include "reactor/poller.hpp"

namespace moonwire {
namespace {

Reply answer(Runtime& runtime, const Status& done) {
  return done ? Reply::yes(true) : Reply::fail(runtime, done.error());
}

Reply pid(Runtime&) { return Reply::count(::getpid()); }

Reply parent(Runtime&) { return Reply::count(::getppid()); }

/// program() -> the path of ours; of the new one where that has been replaced
Reply program(Runtime& runtime) {
  constexpr std::string_view kGone = " (deleted)";
  std::error_code failed;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (path.ends_with(kGone)) path.resize(path.size() - kGone.size());
  return failed ? Reply::nil() : Reply::copy(runtime, path);
}

/// directory() -> where we are
Reply directory(Runtime& runtime) {
  std::error_code failed;
  const std::string path = std::filesystem::current_path(failed);
  return failed ? Reply::nil() : Reply::copy(runtime, path);
}

Reply exists(Runtime&, std::int64_t number) {
  return Reply::yes(std::in_range<pid_t>(number) && process_exists(static_cast<pid_t>(number)));
}

/// daemonize() -> true | nil, message, code. A kqueue does not come along, and an epoll would
/// be shared: the descriptors move to a poller of the new process's own.
Reply go_on_alone(Runtime& runtime) {
  const char* why = nullptr;
  if (runtime.notice) why = "there is a prompt";
  if (runtime.children && runtime.children->size() > 0) why = "programs that it started still run";
  if (why) return Reply::fail(runtime, static_cast<Code>(EBUSY), "daemonize", {}, why);
  if (runtime.send_output) runtime.send_output();
  auto done = daemonize();
  if (done) {
    auto poller = open_poller(runtime.reactor().poller_name());
    done =
        poller ? runtime.reactor().use(std::move(*poller)) : failure(poller.error().code, "poll");
  }
  return answer(runtime, done);
}

/// become(user, group | "") -> true | nil, message, code
Reply become(Runtime& runtime, std::string_view user, std::string_view group) {
  return answer(runtime, become_user(std::string(user), std::string(group)));
}

/// send(path, data) -> true | nil, message, code: one datagram to a Unix socket
Reply send(Runtime& runtime, std::string_view path, std::string_view data) {
  return answer(runtime, send_to_unix(path, data));
}

/// file_status(path) -> { id =, size =, modified = }, nil if there is none. No other file has
/// that id, seconds count from 1970.
Reply file_status(Runtime& runtime, std::string_view path) {
  struct stat status {};
  if (::stat(std::string(path).c_str(), &status) != 0) return Reply::nil();
  Row row;
  row.put("id", Reply::copy(runtime,
                            std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)));
  row.count("size", static_cast<std::uint64_t>(status.st_size));
  row.count("modified", static_cast<std::uint64_t>(status.st_mtime));
  return Reply::record(runtime, row);
}

/// code_name(errno) -> "ENOENT"
Reply name_of_code(Runtime& runtime, std::int64_t number) {
  return Reply::copy(runtime, code_name(static_cast<Code>(number)));
}

/// log_to(fn): fn(level, text, on_stderr) gets what the shell has to tell.
Reply log_to(Runtime& runtime, Function fn) {
  return Reply::object(new LogTarget(runtime)).keep(LogTarget::kFunction, fn.index, 1);
}

/// NAME(options): raises what is wrong with them.
template <const OptionTable& table>
Reply check(Runtime&, Options<table>) {
  return Reply::nothing();
}

/// refuse_clients(listener): nobody new; who is being connected gets in yet
Reply refuse_clients(Runtime&, Ref<LuaListener> listener) {
  listener->refuse_clients();
  return Reply::nothing();
}

constexpr FunctionEntry kFunctions[] = {
    {"pid", entry<&pid>},
    {"parent", entry<&parent>},
    {"program", entry<&program>},
    {"directory", entry<&directory>},
    {"exists", entry<&exists>},
    {"daemonize", entry<&go_on_alone>},
    {"become", entry<&become>},
    {"send", entry<&send>},
    {"refuse_clients", entry<&refuse_clients>},
    {"file_status", entry<&file_status>},
    {"code_name", entry<&name_of_code>},
    {"log_to", entry<&log_to>},
};

/// native.options, for lua/options.lua: a function for each table.
constexpr FunctionEntry kChecks[] = {
    {"log_file", entry<&check<kLogFileOptions>>},
    {"log_mail", entry<&check<kLogMailOptions>>},
    {"log_syslog", entry<&check<kLogSyslogOptions>>},
    {"reconnecting_client", entry<&check<kReconnectingClientOptions>>},
    {"smtp", entry<&check<kSmtpOptions>>},
    {"tcp_server", entry<&check<kTcpServerOptions>>},
    {"udp_server", entry<&check<kUdpServerOptions>>},
    {"web_server", entry<&check<kWebServerOptions>>},
    {"workers", entry<&check<kWorkersOptions>>},
};

}  // namespace

constinit const Module kSystemModule{"native.system", kFunctions, {}, {}, {}};
constinit const Module kLogTargetModule{nullptr, {}, Type::kLogTarget, {}, {}};
constinit const Module kOptionsModule{"native.options", kChecks, {}, {}, {}};

}  // namespace moonwire
