#!/bin/sh
# Runs a tenant that lives, and the service that watches it, with the program at
# $1, until Ctrl-C. What both write is in run/, and new each time.
set -u
program=$1
cd "$(dirname "$0")/.." || exit 1
address=127.0.0.1:8070

mkdir -p run || exit 1
# Of two that begin at once one makes the folder.
if ! mkdir run/lock 2>/dev/null; then
	other=$(cat run/lock/pid 2>/dev/null)
	if [ -z "$other" ] || kill -0 "$other" 2>/dev/null; then
		echo "make run is running here already${other:+ (process $other)}; end it with Ctrl-C." >&2
		echo "If it is not, remove run/lock and begin again." >&2
		exit 1
	fi
fi
echo $$ >run/lock/pid

tenant='' service=''
# Both are told at once and awaited, so that nothing is left running.
finish() {
	trap '' HUP INT TERM
	for process in $tenant $service; do kill -TERM "$process" 2>/dev/null; done
	wait
	rm -rf run/lock
}
trap 'finish; exit 0' INT TERM
trap 'finish; exit 1' HUP

rm -rf run/tenant run/data run/alerts.jsonl run/service.log run/entrawatch.yaml
cp examples/live/entrawatch.yaml run/entrawatch.yaml || { finish; exit 1; }

"$program" simulate live -o run/tenant -people 200 -speed 60 -attacks often &
tenant=$!
while [ ! -s run/tenant/baseline.yaml ] && kill -0 "$tenant" 2>/dev/null; do sleep 1; done

cat <<END

A tenant of 200 people lives in run/tenant, an hour a minute, and is attacked
often. entrawatch serve watches it; alerts are shown here, and from another
terminal you can look at it:

    tail -f run/alerts.jsonl            alerts as JSON
    cat run/tenant/labels.jsonl         which attacks took place
    curl http://$address/healthz   whether the service is well
    $program status -config run/entrawatch.yaml
    $program hunt -data run/data "SELECT kind, count(*) FROM events GROUP BY kind"
    $program hunt -data run/data "SELECT time, user_name, ip, country
        FROM signin WHERE outcome = 'failure' ORDER BY time DESC LIMIT 10"

Ctrl-C ends both. What the service itself has to say is in run/service.log.

END

"$program" serve -config run/entrawatch.yaml 2>run/service.log &
service=$!

while kill -0 "$tenant" 2>/dev/null && kill -0 "$service" 2>/dev/null; do sleep 1; done

# One ended by itself, which it should not.
if ! kill -0 "$service" 2>/dev/null; then cat run/service.log >&2; fi
finish
echo "It has ended; see above why." >&2
exit 1
