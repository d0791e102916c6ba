"""Mining: what a megawatt-hour becomes, in coins and in money; pure formulas that know neither a grid nor a country.

Where twelve digits matter everything is a fraction of whole numbers; coins are satoshi, energy is watt-hours. Floats are only in the
simulation of what nobody knows, which draws nothing that is not passed in.
"""
