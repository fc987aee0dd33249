-- SPDX-License-Identifier: MIT
--- The made-up items of the crash test, by their position.

return function(position)
  return {
    customer_id = ("00000000-0000-4000-8000-%012x"):format(position),
    qualification = "Education",
    education_segment = position % 2 == 0 and "K12" or "HigherEducation",
    website = position % 10 == 0 and "denied.example.edu" or "example.edu",
    name = "Customer " .. position,
  }
end
