using System.CommandLine;

RootCommand root = new("Parley: speech for your own machine.");
return await root.Parse(args).InvokeAsync();
