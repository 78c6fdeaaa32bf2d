#include "term/history.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "term/json_line.hpp"
#include "term/width.hpp"
#include "term/write_all.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kChunk = 64 * 1024;
constexpr const char* kOpen = "open history";
constexpr const char* kWrite = "write history";
constexpr std::chrono::milliseconds kAtOnce{20};  // while somebody waits for the prompt
constexpr std::chrono::milliseconds kAtLast{2000};

/// Waits for the others, which hold it for as long as a write takes; one that was stopped
/// in the middle of it does not hold us up.
class Lock {
 public:
  Lock(int fd, std::chrono::milliseconds patience) : fd_(fd) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
      held_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
      if (held_ || std::chrono::steady_clock::now() >= end) return;
      ::poll(nullptr, 0, 1);
    }
  }
  ~Lock() {
    if (held_) ::flock(fd_, LOCK_UN);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

void make_folders(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    ::mkdir(path.substr(0, at).c_str(), 0700);  // open() says what is wrong
  }
}

std::string read_all(int fd) {
  std::string text;
  for (;;) {
    const std::size_t held = text.size();
    text.resize(held + kChunk);
    const ssize_t count = ::read(fd, text.data() + held, kChunk);
    text.resize(held + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

}  // namespace

Status History::open(const std::string& path) {
  make_folders(path);
  Fd file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file) return system_failure(kOpen, path);
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return failure(static_cast<Code>(EINVAL), kOpen, path, "not a plain file");
  }
  constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
  if ((status.st_mode & kOthers) != 0 && ::fchmod(file.get(), S_IRUSR | S_IWUSR) < 0) {
    return system_failure(kOpen, path);
  }
  path_ = path;
  file_ = std::move(file);
  const Lock lock(file_.get(), kAtOnce);
  const std::string text = read_all(file_.get());
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    // A line that is none of ours is passed over, and stays in the file until it is rewritten.
    auto entry = parse_json_line(std::string_view(text).substr(at, end - at));
    if (entry && !entry->empty()) entries_.push_back(std::move(*entry));
    at = end + 1;
  }
  if (entries_.size() > kMost) {
    entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(kMost));
  }
  return lock.held() && lines > kMost + kMost / 10 ? rewrite() : Status();
}

/// In place, under the lock: other prompts have the same file open.
Status History::rewrite() {
  std::string text;
  for (const std::string& entry : entries_) text += json_line(entry);
  if (::ftruncate(file_.get(), 0) < 0) return system_failure(kWrite, path_);
  errno = write_all(file_.get(), text);
  return errno == 0 ? Status() : system_failure(kWrite, path_);
}

Status History::add(const std::string& block) {
  if (block.empty() || block[0] == ' ') return {};
  if (!entries_.empty() && entries_.back() == block) return {};
  if (entries_.size() == kMost) entries_.erase(entries_.begin());
  entries_.push_back(block);
  if (!file_) return {};
  unsaved_ += json_line(block);
  const Lock lock(file_.get(), kAtOnce);
  return lock.held() ? append() : Status();
}

Status History::save() {
  if (unsaved_.empty()) return {};
  const Lock lock(file_.get(), kAtLast);
  if (lock.held()) return append();
  return failure(static_cast<Code>(EAGAIN), kWrite, path_, "another program has it locked");
}

/// Under the lock. What the disc has no room for is tried again with the next entry, which a
/// half of it would spoil.
Status History::append() {
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  if (const int problem = write_all(file_.get(), unsaved_)) {
    if (end >= 0) (void)!::ftruncate(file_.get(), end);
    return failure(static_cast<Code>(problem), kWrite, path_);
  }
  unsaved_.clear();
  return {};
}

const std::string* History::continued(std::string_view block) const {
  const auto found =
      std::find_if(entries_.rbegin(), entries_.rend(), [&](const std::string& entry) {
        return entry.size() > block.size() && entry.starts_with(block);
      });
  return found != entries_.rend() ? &*found : nullptr;
}

// --- up and down ---------------------------------------------------------------------------

void HistoryWalk::reset() {
  at_ = 0;
  edited_.clear();
}

const std::string& HistoryWalk::entry(std::size_t index) const {
  const auto found = edited_.find(index);
  return found != edited_.end() ? found->second : history_[history_.size() - index];
}

const std::string* HistoryWalk::show(std::size_t index, const std::string& text) {
  edited_[at_] = text;
  at_ = index;
  return &entry(index);
}

const std::string* HistoryWalk::older(const std::string& text, std::string_view prefix) {
  for (std::size_t index = at_ + 1; index <= history_.size(); ++index) {
    if (entry(index).starts_with(prefix)) return show(index, text);
  }
  return nullptr;
}

const std::string* HistoryWalk::newer(const std::string& text, std::string_view prefix) {
  if (at_ == 0) return nullptr;
  std::size_t index = at_ - 1;
  while (index > 0 && !entry(index).starts_with(prefix)) --index;
  return show(index, text);
}

// --- search --------------------------------------------------------------------------------

void HistorySearch::begin() {
  if (!pattern_.empty()) last_pattern_ = pattern_;
  pattern_.clear();
  found_ = false;
}

bool HistorySearch::look(std::size_t from, bool backwards) {
  const std::size_t count = history_.size();
  for (std::size_t entry = from; entry < count; entry += backwards ? std::size_t(-1) : 1) {
    const std::size_t at = history_[entry].rfind(pattern_);
    if (at == std::string::npos) continue;
    match_ = {entry, at};
    found_ = true;
    return true;
  }
  return false;
}

bool HistorySearch::extend(std::string_view text) {
  pattern_ += text;
  return look(found_ ? match_.entry : history_.size() - 1, true);
}

bool HistorySearch::shorten() {
  if (pattern_.empty()) return false;
  pattern_.resize(before_cluster(pattern_, pattern_.size()));
  found_ = false;
  return pattern_.empty() || look(history_.size() - 1, true);
}

bool HistorySearch::older() {
  if (pattern_.empty()) return !last_pattern_.empty() && extend(last_pattern_);
  if (!found_) return look(history_.size() - 1, true);
  return look(match_.entry - 1, true);
}

bool HistorySearch::newer() { return found_ && look(match_.entry + 1, false); }

}  // namespace moonwire
