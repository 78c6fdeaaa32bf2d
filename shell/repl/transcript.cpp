#include "repl/transcript.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

namespace moonwire {

Status Transcript::start(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC;
  constexpr mode_t kMode = 0666;
  if (started()) (void)stop();
  Fd opened(::open(path.c_str(), kFlags, kMode));
  if (!opened) return system_failure("open", path);
  struct stat facts {};
  if (::fstat(opened.get(), &facts) != 0) return system_failure("open", path);
  if (!S_ISREG(facts.st_mode)) {  // its reader could hold us up
    return failure(static_cast<Code>(EINVAL), "open", path, "not a regular file");
  }
  fd_ = std::move(opened);
  path_ = path;
  return {};
}

Status Transcript::stop() {
  const Status flushed = flush();
  fd_.reset();
  return flushed;
}

void Transcript::write(std::string_view text) {
  if (!started()) return;
  gathered_ += text;
  if (gathered_.size() >= kGather) send();
}

Status Transcript::flush() {
  send();
  return std::exchange(failure_, Status());
}

void Transcript::send() {
  std::string_view left = gathered_;
  while (!left.empty() && started()) {
    const ssize_t count = ::write(fd_.get(), left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      failure_ = system_failure("write", path_);
      fd_.reset();
      break;
    }
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  gathered_.clear();
}

}  // namespace moonwire
