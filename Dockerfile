# Bootwright in a container. It needs the host's network: DHCP is broadcast, and firmware knows no other ports.
# docker-compose.yml beside this file runs it.
FROM node:24-bookworm-slim

# What some images and settings need beside plain ISOs; without them, these builds end in an error that names the program.
# xorriso: additional files, conversions, --format iso. 7zip, xz-utils, bzip2, lz4: packed images. squashfs-tools-ng and
# bubblewrap: the other kind of initramfs. A system can be made bootstrap only where user namespaces are allowed.
# grub-*, ipxe: loaders for machines that no LiveOS brings one for (docs/reference/loaders.md). Those of x64 are among the
# packages of x64 alone, and those of arm64 among its own.
RUN dpkg --add-architecture "$(dpkg --print-architecture | sed 's/amd64/ARM/; s/arm64/amd64/; s/ARM/arm64/')" \
  && apt-get update \
  && apt-get install --yes --no-install-recommends 7zip bubblewrap bzip2 lz4 squashfs-tools-ng xorriso xz-utils \
    grub-common grub-pc-bin:amd64 grub-efi-amd64-bin:amd64 grub-efi-ia32-bin:amd64 grub-efi-arm64-bin:arm64 ipxe \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/bootwright
COPY package.json package-lock.json .npmrc ./
# The image brings Node 24 itself, so the one that the package pins is taken out again.
RUN npm ci --omit=dev && rm -rf node_modules/node-linux-* node_modules/.bin/node && npm cache clean --force
COPY bin ./bin
COPY src ./src
RUN mkdir -p /srv/images /srv/pxe-root && ln -s /opt/bootwright/bin/bootwright.js /usr/local/bin/bootwright

ENV NODE_ENV=production \
    BOOTWRIGHT_IMAGES=/srv/images \
    BOOTWRIGHT_ROOT=/srv/pxe-root \
    BOOTWRIGHT_LOG_FORMAT=json
VOLUME ["/srv/images", "/srv/pxe-root"]
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s \
  CMD ["node", "/opt/bootwright/bin/bootwright.js", "health", "--root", "/srv/pxe-root"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/bootwright/bin/bootwright.js"]
CMD ["serve"]
