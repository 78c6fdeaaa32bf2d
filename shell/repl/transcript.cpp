#include "repl/transcript.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "term/write_all.hpp"

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
  const int problem = started() ? write_all(fd_.get(), gathered_) : 0;
  gathered_.clear();
  if (problem == 0) return;
  failure_ = failure(static_cast<Code>(problem), "write", path_);
  fd_.reset();
}

}  // namespace moonwire
