#!/bin/bash
# Succeeds when a version of the model answers. The image has no curl.
model="${1:-maskanim}"
exec 3<>/dev/tcp/127.0.0.1/8501 || exit 1
printf 'GET /v1/models/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$model" >&3
timeout 4 grep --quiet '"AVAILABLE"' <&3
