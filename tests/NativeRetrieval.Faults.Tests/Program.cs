using NativeRetrieval.Faults.Tests;

if (args is [Host.Argument, var scenario, var which]) return await Host.RunAsync(scenario, which == "all");
if (args is ["all", .. var names]) return Host.RunAll(names);

return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
