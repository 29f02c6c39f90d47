#!/usr/bin/env bash
# Packs what a GPU machine without .NET and without a network needs into artifacts/gpu: tests/gpu/pack.sh
# The programs share one archive; that of the runtime is kept while its version and parts stay. Fails where all of it exceeds what travels.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=artifacts/gpu
app=artifacts/gpu-programs
limit_mib=60
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

fail() {
    echo "pack.sh: $*" >&2
    exit 1
}

programs=(tests/NativeRetrieval.CudaEmulator.Tests src/NativeRetrieval.Cli benchmarks/NativeRetrieval.Benchmarks)
# Golden files that the checkout does not have; those that need pre-trained weights stay behind.
fixtures=(full-size/audio.safetensors full-size/bert-base.safetensors)

# The machine gets no history: which commit it runs is written down here.
commit_now() { echo "$(git rev-parse --short HEAD)$([ -z "$(git status --porcelain --untracked-files=no)" ] || echo -changed)"; }
commit=$(commit_now)

mkdir -p "$out"
rm -rf "$app" "$out/app" "$out/fixtures"
for program in "${programs[@]}"; do
    echo "publishing $program" >&2
    dotnet publish "$program" -c Release -o "$app" \
        -p:SatelliteResourceLanguages=en -p:PublishDocumentationFiles=false -v quiet -nologo >&2
done
# Stack traces name methods without them, and the lines are in the checkout.
rm -f "$app"/*.pdb
# Native libraries for other systems.
if [ -d "$app/runtimes" ]; then
    find "$app/runtimes" -mindepth 1 -maxdepth 1 ! -name linux-x64 ! -name linux ! -name unix -exec rm -rf {} +
fi
tar -C "$app" -cJf "$out/app.tar.xz" .

shared=${NATIVERETRIEVAL_SHARED:-../shared}/fixtures
for fixture in "${fixtures[@]}"; do
    [ -e "tests/fixtures/$fixture" ] && continue
    [ -e "$shared/$fixture" ] \
        || fail "$fixture is neither in tests/fixtures nor in $shared; NATIVERETRIEVAL_SHARED names the folder that holds fixtures/"
    mkdir -p "$out/fixtures/$(dirname "$fixture")"
    cp "$shared/$fixture" "$out/fixtures/$fixture"
    chmod u+w "$out/fixtures/$fixture"
done

# The newest installed runtime of the version that the programs ask for, and ASP.NET Core's only where one of them asks for it.
dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")
wanted=$(grep -hoE '"version": "[0-9]+\.[0-9]+' "$app/NativeRetrieval.Cli.runtimeconfig.json" | head -n 1 | grep -oE '[0-9]+\.[0-9]+$')
version=$(ls "$dotnet_root/shared/Microsoft.NETCore.App" | grep "^$wanted\." | sort -V | tail -n 1) \
    || fail "no .NET $wanted runtime in $dotnet_root"
parts=(dotnet "host/fxr/$version" "shared/Microsoft.NETCore.App/$version")
if grep -q 'Microsoft\.AspNetCore\.App' "$app"/*.runtimeconfig.json; then parts+=("shared/Microsoft.AspNetCore.App/$version"); fi
# Debuggers, other garbage collectors and what nothing here calls are not needed there; nor is ASP.NET Core, since nothing serves there,
# beside the extensions that come with it.
without=(libmscordaccore.so libmscordbi.so createdump 'libclrgc*.so' libcoreclrtraceptprovider.so
    System.Private.DataContractSerialization.dll 'Microsoft.VisualBasic*.dll' System.Net.Quic.dll System.Net.Mail.dll
    'Microsoft.AspNetCore*.dll' 'Microsoft.Extensions.Identity.*.dll' Microsoft.JSInterop.dll)
stamp="${parts[*]} without ${without[*]}"
if [ ! -e "$out/dotnet.tar.xz" ] || [ "$(cat "$out/dotnet.version" 2> /dev/null)" != "$stamp" ]; then
    echo "packing .NET $version: about a minute" >&2
    XZ_OPT='-9e' tar -C "$dotnet_root" "${without[@]/#/--exclude=}" -cJf "$out/dotnet.tar.xz.part" "${parts[@]}"
    mv "$out/dotnet.tar.xz.part" "$out/dotnet.tar.xz"
    echo "$stamp" > "$out/dotnet.version"
fi

[ "$commit" = "$(commit_now)" ] || fail "the checkout changed while it was packed: run again"
echo "$commit" > "$out/commit"

bytes_of() { du -cb --apparent-size "$@" 2> /dev/null | tail -n 1 | cut -f 1; }
mib() { awk -v bytes="$1" 'BEGIN { printf "%.1f MiB", bytes / 1048576 }'; }
checkout=$(git ls-files -z --cached --others --exclude-standard | xargs -0 du -cb --apparent-size 2> /dev/null \
    | awk '$2 == "total" { sum += $1 } END { print sum + 0 }')
total=$((checkout + $(bytes_of "$out")))
echo "checkout      $(mib "$checkout")"
echo "programs      $(mib "$(bytes_of "$out/app.tar.xz")")"
echo "runtime       $(mib "$(bytes_of "$out/dotnet.tar.xz")")"
if [ -d "$out/fixtures" ]; then echo "golden files  $(mib "$(bytes_of "$out/fixtures")")"; fi
echo "in all        $(mib "$total") of $limit_mib MiB, commit $commit, in $out"
[ "$total" -le $((limit_mib << 20)) ] || fail "checkout and $out are $(mib "$total"), at most $limit_mib MiB travel"
