#!/usr/bin/env bash
# A fresh machine around one command: an empty home folder, empty folders for temporary files, everything else but the
# clone read-only, processes of its own and, if asked, no network. Runs in new mount and process namespaces, which end
# with it.
# Reads SOURCE (the clone's folder) and CLONE (where it is mounted, below /home), CACHES (a folder that may be written
# too), HOME_KIND (empty, missing, read-only), NETWORK (yes, no), SETTINGS (a folder whose content the home folder begins
# with) and COMMAND. Prints what the command prints, then its exit code, the processes and the files it has left.
set -u
mount --make-rprivate /
mount --bind "$CACHES" "$CACHES"
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
exec 3<"$SOURCE"
mount -t tmpfs tmpfs /home
mkdir -p "$CLONE"
mount --bind /proc/self/fd/3 "$CLONE"
exec 3<&-
mount -o remount,ro,bind /
if [ "$HOME_KIND" = missing ]; then
  unset HOME
else
  mkdir -p "$HOME"
  cp -r "$SETTINGS/." "$HOME/"
  [ "$HOME_KIND" = empty ] || mount -o remount,ro /home
fi
[ "$NETWORK" = yes ] || ip link set lo up
cd "$CLONE" || exit 1
touch /tmp/.before
bash -c "$COMMAND" </dev/null
code=$?
# What was told to end may take a moment.
processes() { ps -e -o pid=,args= | grep -v -E 'in-namespace\.sh|ps -e -o|grep -v|sleep 0\.2$|sed s/'; }
for _ in $(seq 25); do [ -z "$(processes)" ] && break; sleep 0.2; done
echo "@code $code"
processes | sed 's/^ */@process /'
# npm writes its own log, cache and compiled code whenever it is run, before anything of the project is. pip asks rustc for
# its version, and rustup writes its settings then if there are none.
find /tmp /var/tmp /home -xdev -type f -newer /tmp/.before -not -path '*/.npm/*' -not -path '*/node-compile-cache/*' -not -path '*/.rustup/*' -not -path /tmp/output | sed 's/^/@file /'
