"""Pictures as mail needs them. `workshop` is the way in; `shaping` knows neither files nor network."""
