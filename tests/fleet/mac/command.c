/* SPDX-License-Identifier: Apache-2.0 */
/* Every emulated command is a link to this program; the name it was called by decides which it is. A Mac's own commands
 * take a few milliseconds, which is less than a Python needs to start. So commandd.py does the work: it gets our name,
 * arguments, folder and standard files, and answers with the exit status. Whoever ends us ends what it does for us.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const int went_wrong = 70;

static int complain(const char* what) {
  dprintf(2, "fleet: commandd, which does this command's work, %s\n", what);
  return went_wrong;
}

/* Appends a text with its end; the length of the message behind it, 0 if there is no room. */
static size_t append(char* message, size_t room, size_t length, const char* text) {
  const size_t added = strlen(text) + 1;
  if (length == 0 || length + added > room) return 0;
  memcpy(message + length, text, added);
  return length + added;
}

static int ask(int channel, char* message, size_t length) {
  const int files[3] = {0, 1, 2};
  union {
    char bytes[CMSG_SPACE(sizeof files)];
    struct cmsghdr header;
  } control;
  struct iovec data = {message, length};
  struct msghdr envelope = {0};
  envelope.msg_iov = &data;
  envelope.msg_iovlen = 1;
  envelope.msg_control = &control;
  envelope.msg_controllen = sizeof control.bytes;
  struct cmsghdr* const rights = CMSG_FIRSTHDR(&envelope);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof files);
  memcpy(CMSG_DATA(rights), files, sizeof files);
  return sendmsg(channel, &envelope, MSG_NOSIGNAL) == (ssize_t)length;
}

int main(int argc, char** argv) {
  static char message[128 * 1024];
  char folder[PATH_MAX];
  int file;
  while ((file = open("/dev/null", O_RDWR)) >= 0 && file < 3) continue; /* so that there are three to hand on */
  if (file >= 0) close(file);
  if (getcwd(folder, sizeof folder) == NULL) strcpy(folder, "/");
  message[0] = 'c'; /* a message is never empty */
  size_t length = append(message, sizeof message, 1, folder);
  const char* const slash = strrchr(argv[0], '/');
  length = append(message, sizeof message, length, slash ? slash + 1 : argv[0]);
  for (int i = 1; i < argc; ++i) length = append(message, sizeof message, length, argv[i]);
  if (length == 0) return complain("takes no more than 128 KiB of arguments");

  const int channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const struct sockaddr_un address = {AF_UNIX, "/.fleet/run/commandd"};
  if (channel < 0 || connect(channel, (const struct sockaddr*)&address, sizeof address) != 0) {
    return complain("is not there");
  }
  if (!ask(channel, message, length)) return complain("does not listen");
  unsigned char status;
  return read(channel, &status, 1) == 1 ? status : complain("went away");
}
