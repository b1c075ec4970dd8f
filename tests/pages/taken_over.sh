# What a how-to begins with: the example tenant, taken over into git, with each password sent once. Sourced by pages as a hidden setup.
# TARGET may hold a `--target NAME`.
export VISMA_PASSWORD=winter-2026 FORTNOX_PASSWORD=erp-password
reconciler emulator reset --yes --example
reconciler $TARGET dump -o connections.yaml
sed -i.bak -e 's/VISMA_NORWAY_PASSWORDFIELD}/VISMA_PASSWORD, version: 1}/' -e 's/VISMA_SWEDEN_PASSWORDFIELD}/VISMA_PASSWORD, version: 1}/' \
    -e 's/FORTNOX_PASSWORD}/FORTNOX_PASSWORD, version: 1}/' -e 's,^    url: .*visma.*,&\n    identifies_erp: [Filename],' connections.yaml
rm connections.yaml.bak
reconciler fmt
reconciler $TARGET apply --yes --allow no-way-back=connection/visma-norway --allow no-way-back=connection/visma-sweden --allow no-way-back=connection/fortnox
printf '%s\n' .reconciler/ plan.json > .gitignore
git init --quiet --initial-branch main
git add .
git commit --quiet -m "ERP connections as they are"
