#!/usr/bin/env bash
# Tells a chat of every step that fails and every browser that is lost.
#   CHAT_URL  the chat's incoming webhook, which takes {"text": …}: Slack, Mattermost, Rocket.Chat
set -euo pipefail
server=${BROWSERHOOK_URL:-http://127.0.0.1:8080}
types=step_failed,browser_failed,browser_crashed

# An event as a line of the chat: what happened, a link to the live page, and why.
message='{text: (
  (if .data.eventType == "step_failed" then ":warning: Step \(.data.index) (`\(.data.action)`) failed"
   else ":boom: `\(.data.eventType)`" end)
  + " in <\(.data.streamingUrl)|\(.metadata.name // .sessionId)>"
  + (.data.error | if . then ": " + .message else "" end))}'

# The events as they happen. What the file last-event names has been told of.
follow() {
  curl -sSN --fail --retry 100 --retry-delay 2 --retry-connrefused "$server/v1/events?types=$types" \
    -H "Authorization: Bearer $BROWSERHOOK_KEY" -H 'Accept: text/event-stream' \
    -H "Last-Event-ID: $(cat last-event 2>/dev/null)"
}

tell() {
  local id='' event='' field value
  while IFS=': ' read -r field value; do
    case $field in
      id) id=$value ;;
      data) event=$value ;;
      '') # An empty line ends a message; the first has an id alone, where the stream begins.
        if [ -n "$event" ]; then
          jq -c "$message" <<<"$event" |
            curl -sS --fail --retry 8 --retry-all-errors -o /dev/null -H 'Content-Type: application/json' -d @- "$CHAT_URL" || exit
          echo "Told of $id"
        fi
        echo "$id" >last-event
        event=''
        ;;
    esac
  done
}

# A connection that was lost is made again, and goes on where it was. What the
# server refuses for good (22) ends the program.
echo "Following $types"
until
  follow | tell
  [ "${PIPESTATUS[0]}" -eq 22 ]
do :; done
exit 1
