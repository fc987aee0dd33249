# Makes what was installed under /usr into what Debian expects there: modules where its Lua looks for them on
# this architecture, compressed pages, and the licence in a copyright file.

set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
if(NOT EXISTS ${root}/share/man/man1/partnercenter.1)
  message(FATAL_ERROR "There is no manual page: it was not made, since argparse is missing (Debian: lua-argparse)")
endif()

execute_process(COMMAND dpkg-architecture --query DEB_HOST_MULTIARCH OUTPUT_VARIABLE multiarch
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(MAKE_DIRECTORY ${root}/lib/${multiarch})
file(RENAME ${root}/lib/lua ${root}/lib/${multiarch}/lua)

file(GLOB_RECURSE modules ${root}/lib/*.so)
file(CHMOD ${modules} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
file(RENAME ${root}/share/zsh/site-functions ${root}/share/zsh/vendor-completions)

function(compress)
  execute_process(COMMAND gzip --best --no-name ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(documents ${root}/share/doc/lua-partnercenter)
file(READ ${documents}/LICENSE license)
file(REMOVE ${documents}/LICENSE)
file(WRITE ${documents}/copyright "lua-partnercenter: ${CPACK_DEBIAN_PACKAGE_HOMEPAGE}\n\n${license}")
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC) # or SOURCE_DATE_EPOCH
file(WRITE ${documents}/changelog
  "lua-partnercenter (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
  "  * As built from the source by `cpack -G DEB`.\n\n"
  " -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
compress(${documents}/changelog ${root}/share/man/man1/partnercenter.1)
