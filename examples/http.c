/* http.c - an HTTP/1.1 server of one file.

   usage: http PORT FILE    (PORT 0: a free one; it is printed)

   Shows threads that send from one descriptor at the same time: a transfer with
   an offset of its own neither uses nor moves the file position.  "/" and
   "/FILE" are the file, by GET and HEAD, whole or one range of it.

   SPDX-License-Identifier: MIT */

#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <iosplice.h>

enum { MOST_CLIENTS = 400, MOST_HEADER = 8192 };

static const char *name;
static int file;
static sem_t places;

static void
check (bool good, const char *what)
{
  if (good)
    return;
  perror (what);
  exit (EXIT_FAILURE);
}

/* The value of FIELD among the lines of REQUEST; "" if there is none.  */
static const char *
value (const char *request, const char *field)
{
  size_t length = strlen (field);

  while ((request = strstr (request, "\r\n")) != NULL)
    {
      request += 2;
      if (strncasecmp (request, field, length) == 0 && request[length] == ':')
        return request + length + 1 + strspn (request + length + 1, " \t");
    }
  return "";
}

/* Send the head of an answer; MORE are further lines of it.  A body of LENGTH bytes FOLLOWS at once or does not.  */
static bool
send_head (int client, const char *status, const char *more, off_t length, bool follows)
{
  char date[64], head[512];
  time_t now = time (NULL);
  struct tm tm;
  int size;

  strftime (date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r (&now, &tm));
  size = snprintf (head, sizeof head, "HTTP/1.1 %s\r\nDate: %s\r\nContent-Length: %lld\r\n%s\r\n", status, date,
                   (long long) length, more);
  return send (client, head, size, MSG_NOSIGNAL | (follows ? MSG_MORE : 0)) == size;
}

/* The connection ends with it: what follows such a request may not be one.  */
static bool
refuse (int client, const char *status, const char *more)
{
  send_head (client, status, more, 0, false);
  return false;
}

/* What TEXT, the value of the field Range, asks of SIZE bytes.  Returns false if
   it is to be ignored; *FIRST may be behind the end.  */
static bool
parse_range (const char *text, off_t size, off_t *first, off_t *last)
{
  char from[19] = "", to[19] = "";
  int end = 0;

  if (sscanf (text, "bytes=%18[0-9]-%n%18[0-9]%n", from, &end, to, &end) < 1)
    sscanf (text, "bytes=-%18[0-9]%n", to, &end);
  if (end == 0 || text[end] != '\r' || (*from && *to && atoll (to) < atoll (from)))
    return false;
  *last = *from && *to && atoll (to) < size ? atoll (to) : size - 1;
  *first = *from ? atoll (from) : atoll (to) < size ? size - atoll (to) : 0;
  return true;
}

static bool
send_file (int client, const char *request, bool body)
{
  struct stat st;
  off_t first = 0, last;
  char more[128];
  bool part;

  if (fstat (file, &st) < 0)
    return refuse (client, "500 Internal Server Error", "Connection: close\r\n");
  last = st.st_size - 1;
  part = body && !*value (request, "If-Range") && parse_range (value (request, "Range"), st.st_size, &first, &last);
  if (first >= st.st_size && part)
    {
      snprintf (more, sizeof more, "Content-Range: bytes */%lld\r\n", (long long) st.st_size);
      return send_head (client, "416 Range Not Satisfiable", more, 0, false);
    }
  strcpy (more, "Accept-Ranges: bytes\r\n");
  if (part)
    snprintf (more, sizeof more, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long) first, (long long) last,
              (long long) st.st_size);
  body = body && first <= last;
  return send_head (client, part ? "206 Partial Content" : "200 OK", more, last - first + 1, body)
    && (!body || iosplice_full (file, &first, client, NULL, last - first + 1, IOSPLICE_NO_SIGPIPE, NULL) >= 0);
}

/* Returns whether another request may follow.  */
static bool
answer (int client, const char *request)
{
  char method[16], target[1024], version;
  const char *path = target;
  int end = 0;

  sscanf (request, "%15[A-Z]%*1[ ]%1023[^ \r\n]%*1[ ]HTTP/1.%c%n", method, target, &version, &end);
  if (end == 0 || strncmp (request + end, "\r\n", 2) != 0 || (version >= '1' && !*value (request, "Host")))
    return refuse (client, "400 Bad Request", "Connection: close\r\n");
  if (strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0)
    return refuse (client, "405 Method Not Allowed", "Allow: GET, HEAD\r\nConnection: close\r\n");
  if (strncasecmp (path, "http://", 7) == 0)
    path = strchrnul (path + 7, '/');
  target[strcspn (target, "?")] = '\0';
  if (strcmp (path, "/") != 0 && (*path != '/' || strcmp (path + 1, name) != 0))
    send_head (client, "404 Not Found", "", 0, false);
  else if (!send_file (client, request, *method == 'G'))
    return false;
  return version >= '1' && strncasecmp (value (request, "Connection"), "close", 5) != 0
    && !*value (request, "Content-Length") && !*value (request, "Transfer-Encoding");
}

static void *
serve (void *argument)
{
  char bytes[MOST_HEADER], *end;
  int client = (intptr_t) argument;
  size_t have = 0;
  ssize_t n = 1;
  bool going = true;

  while (going)
    {
      while ((end = memmem (bytes, have, "\r\n\r\n", 4)) == NULL && have < sizeof bytes
             && (n = iosplice_read (client, bytes + have, sizeof bytes - have)) > 0)
        have += n;
      if (!end)
        {
          if (have == sizeof bytes)
            refuse (client, "431 Request Header Fields Too Large", "Connection: close\r\n");
          break;
        }
      end[2] = '\0';
      going = answer (client, bytes);
      have -= end + 4 - bytes;
      memmove (bytes, end + 4, have);
    }
  /* To close while something is unread would be a reset, and could cost the client our answer.  */
  shutdown (client, SHUT_WR);
  while (n > 0)
    n = iosplice_read (client, bytes, sizeof bytes);
  close (client);
  sem_post (&places);
  return NULL;
}

static int
listen_on (const char *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (atoi (port)) };
  socklen_t length = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

  setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  check (bind (listener, (struct sockaddr *) &address, length) == 0 && listen (listener, SOMAXCONN) == 0
         && getsockname (listener, (struct sockaddr *) &address, &length) == 0, "http");
  printf ("%d\n", ntohs (address.sin_port));
  fflush (stdout);
  return listener;
}

int
main (int argc, char **argv)
{
  int listener, client, on = 1;
  pthread_t thread;

  if (argc != 3)
    {
      fprintf (stderr, "usage: http PORT FILE\n");
      return EXIT_FAILURE;
    }
  name = strrchr (argv[2], '/') ? strrchr (argv[2], '/') + 1 : argv[2];
  file = open (argv[2], O_RDONLY | O_CLOEXEC);
  check (file >= 0, argv[2]);
  listener = listen_on (argv[1]);
  sem_init (&places, 0, MOST_CLIENTS);
  for (;;)
    {
      sem_wait (&places);
      client = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
      setsockopt (client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (client >= 0 && pthread_create (&thread, NULL, serve, (void *) (intptr_t) client) == 0)
        pthread_detach (thread);
      else
        {
          if (client >= 0)
            close (client);
          sem_post (&places);
        }
    }
}
