#!/bin/sh
# Simulates a company with the program at $1, of $2 people for $3 days, puts it into
# a lake, and times the queries of docs/hunt.md that must be fast. What is made is
# kept in bin/hunt and used again; take it away to begin anew. More than 2,500 people
# are so many companies of that size, one after the other: their logs would fill the
# disk. All are one tenant.
set -eu
program=$1 people=$2 days=$3
dir=bin/hunt/$people-$days
if [ ! -e "$dir/done" ]; then
	rm -rf "$dir"
	mkdir -p "$dir"
	left=$people seed=1
	while [ "$left" -gt 0 ]; do
		some=$((left > 2500 ? 2500 : left))
		"$program" simulate -o "$dir/sim" -seed "$seed" -people "$some" -days "$days" -attacks none
		"$program" lake import -data "$dir/data" "$dir/sim/logs"
		rm -r "$dir/sim"
		left=$((left - some)) seed=$((seed + 1))
	done
	"$program" lake compact -data "$dir/data"
	touch "$dir/done"
fi
ask() {
	title=$1
	shift
	best=
	for run in 1 2 3; do
		begun=$(date +%s%N)
		rows=$("$program" hunt -data "$dir/data" -limit 1000000 -format csv "$@" | wc -l)
		took=$((($(date +%s%N) - begun) / 1000000))
		if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
	done
	printf '%8d ms  %8d rows  %s\n' "$best" "$((rows - 1))" "$title"
}
"$program" lake files -data "$dir/data"
echo
user=$("$program" hunt -data "$dir/data" -limit 1 -format csv 'SELECT "user" FROM signin WHERE sub_kind = '"'interactive'"' LIMIT 1' 2>/dev/null | tail -1 | tr -d '"')
ask "the timeline of one user" "SELECT time, kind, sub_kind, activity, outcome, app, ip, country, event_key FROM events WHERE \"user\" = '$user' ORDER BY time"
ask "the same, where the user acted as well" "SELECT time, kind, sub_kind, activity, outcome, app, ip, country, event_key FROM events WHERE \"user\" = '$user' OR actor = '$user' ORDER BY time"
ask "the same user's records" "SELECT raw FROM signin WHERE \"user\" = '$user'"
ask "Conditional Access results per policy" "SELECT e[1] AS policy, e[2] AS result, sum(n)::BIGINT AS signins FROM (SELECT unnest(from_json(policy_results, '[[\"VARCHAR\"]]')) AS e, n FROM (SELECT policy_results, count(*) AS n FROM signin GROUP BY policy_results)) GROUP BY ALL ORDER BY ALL"
ask "events by kind and day" "SELECT kind, day, count(*) FROM events GROUP BY ALL"
