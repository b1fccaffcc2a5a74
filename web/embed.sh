#!/bin/sh
# The page's files -> C: struct page_file page_files[] (placeholder until the page is in).
printf '#include "web/page.h"\nconst struct page_file page_files[] = {{0}};\nconst int page_file_count = 0;\n'
