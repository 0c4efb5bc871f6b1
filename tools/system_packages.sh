#!/usr/bin/env bash
# System packages that the browser tests, Chinese screenshots, translations, PDF checks and tests with other DICOM
# software need.
# Installs only what is missing, and only where apt works without a password; otherwise says what goes without.
set -euo pipefail

missing=()
lost=()
need() { # need PACKAGE CONSEQUENCE COMMAND...  — missing unless one of the commands exists
  local package=$1 consequence=$2
  shift 2
  for name in "$@"; do
    if [ -x "/usr/sbin/$name" ] || command -v "$name" >/dev/null 2>&1; then return 0; fi
  done
  missing+=("$package")
  lost+=("$package: $consequence")
}

need chromium "browser tests and screenshots are skipped" chromium chromium-browser google-chrome
need gettext "translations cannot be collected from the sources" xgettext
need dcmtk "tests with other DICOM software as sender are skipped" storescu
need orthanc "tests with another archive are skipped" Orthanc
need poppler-utils "checks on PDF files are skipped" pdftotext
if ! find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" -iname '*noto*cjk*' -print -quit 2>/dev/null | grep -q .; then
  missing+=("fonts-noto-cjk")
  lost+=("fonts-noto-cjk: Chinese text may be unreadable in screenshots")
fi
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
  echo "Installing system packages: ${missing[*]}"
  if ${as_root[@]+"${as_root[@]}"} apt-get update -qq &&
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    exit 0
  fi
  echo "That did not work; going on without."
fi
printf 'Without %s\n' "${lost[@]}"
echo "To have them: sudo apt-get install ${missing[*]}"
