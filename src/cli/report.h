/* report.h - what --debug tells: by which means the bytes moved.

   SPDX-License-Identifier: MIT */

#ifndef CLI_REPORT_H
#define CLI_REPORT_H

struct iosplice_pump;

/* Tell on standard error how PUMP moved the bytes of its source, called NAME.  */
void report (const struct iosplice_pump *, const char *name);

#endif
